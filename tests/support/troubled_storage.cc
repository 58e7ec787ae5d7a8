#include "tests/support/troubled_storage.h"

#include "registry/layout.h"

namespace regctl::test {
namespace {

class TroubledReader final : public Reader {
 public:
  TroubledReader(std::unique_ptr<Reader> inner, std::string key, std::shared_ptr<const Hooks> hooks)
      : inner_(std::move(inner)), key_(std::move(key)), hooks_(std::move(hooks)) {}

  std::string_view next(std::size_t limit) override {
    if (hooks_->reading) hooks_->reading(key_, limit);
    return inner_->next(limit);
  }
  Identity identity() const override {
    Identity identity = inner_->identity();
    if (hooks_->identified) hooks_->identified(key_, identity);
    return identity;
  }

 private:
  std::unique_ptr<Reader> inner_;
  std::string key_;
  std::shared_ptr<const Hooks> hooks_;
};

}  // namespace

TroubledStorage::TroubledStorage(std::unique_ptr<Storage> inner, Honesty honesty)
    : TroubledStorage(std::move(inner), Hooks{.honesty = std::move(honesty)}) {}

TroubledStorage::TroubledStorage(std::unique_ptr<Storage> inner, Hooks hooks)
    : TroubledStorage(std::move(inner), std::make_shared<const Hooks>(std::move(hooks)), {}) {}

TroubledStorage::TroubledStorage(std::unique_ptr<Storage> inner, SharedHooks hooks,
                                 std::string prefix)
    : inner_(std::move(inner)), hooks_(std::move(hooks)), prefix_(std::move(prefix)) {}

std::string TroubledStorage::full(std::string_view key) const {
  return key.empty() ? prefix_ : layout::join(prefix_, key);
}

bool TroubledStorage::answers(Verb verb, std::string_view key) const {
  const Answer answer = hooks_->honesty ? hooks_->honesty(verb, full(key)) : Answer::truth;
  if (answer == Answer::error) throw StorageError(Trouble::unreadable, full(key), EIO);
  return answer == Answer::truth && inner_;
}

std::optional<Listing> TroubledStorage::list(std::string_view key) const {
  auto listing = answers(Verb::list, key) ? inner_->list(key) : std::nullopt;
  if (listing && hooks_->listed) hooks_->listed(*listing);
  return listing;
}

std::optional<Stat> TroubledStorage::stat(std::string_view key) const {
  return answers(Verb::stat, key) ? inner_->stat(key) : std::nullopt;
}

std::optional<Content> TroubledStorage::read(std::string_view key, std::size_t limit) const {
  return answers(Verb::read, key) ? inner_->read(key, limit) : std::nullopt;
}

std::optional<std::string> TroubledStorage::leads_to(std::string_view key) const {
  return answers(Verb::stat, key) ? inner_->leads_to(full(key)) : std::nullopt;
}

std::unique_ptr<Reader> TroubledStorage::open(std::string_view key) const {
  auto reader = answers(Verb::open, key) ? inner_->open(key) : nullptr;
  if (!reader) return nullptr;
  return std::make_unique<TroubledReader>(std::move(reader), full(key), hooks_);
}

std::unique_ptr<Storage> TroubledStorage::below(std::string_view prefix) const {
  auto view = answers(Verb::below, prefix) ? inner_->below(prefix) : nullptr;
  return std::unique_ptr<Storage>(new TroubledStorage(std::move(view), hooks_, full(prefix)));
}

}  // namespace regctl::test
