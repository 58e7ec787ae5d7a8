#include "registry/storage.h"

namespace regctl {
namespace {

class ReaderOfContent final : public Reader {
 public:
  explicit ReaderOfContent(Content content) : content_(std::move(content)) {}

  std::string_view next(std::size_t limit) override {
    const std::string_view bytes = std::string_view(content_.bytes).substr(at_, limit);
    at_ += bytes.size();
    return bytes;
  }
  Identity identity() const override {
    return {.bytes = content_.stat.bytes,
            .modified = content_.stat.modified,
            .changed = content_.stat.modified};
  }

 private:
  Content content_;
  std::size_t at_ = 0;
};

}  // namespace

Time arrival_of(const Stat& stat, Arrival what_counts) {
  if (what_counts == Arrival::ignored) return Time{};
  if (stat.born) return *stat.born;
  return what_counts == Arrival::birth_or_change ? stat.changed : Time{};
}

std::optional<std::string> Storage::leads_to(std::string_view) const { return std::nullopt; }

std::unique_ptr<Reader> Storage::open(std::string_view key) const {
  auto content = read(key, SIZE_MAX);
  if (!content || content->stat.kind != EntryKind::file) return nullptr;
  return std::make_unique<ReaderOfContent>(std::move(*content));
}

std::optional<Listing> Storage::list_with_stats(std::string_view key) const {
  auto listing = list(key);
  if (!listing) return std::nullopt;
  for (const Entry& entry : listing->entries)
    listing->stats.push_back(stat(key.empty() ? entry.name : std::string(key) + '/' + entry.name));
  return listing;
}

}  // namespace regctl
