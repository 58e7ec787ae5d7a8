#include "tests/support/troubled_storage.h"

#include "registry/layout.h"

namespace regctl::test {

TroubledStorage::TroubledStorage(std::unique_ptr<Storage> inner, Honesty honesty,
                                 std::string prefix)
    : inner_(std::move(inner)), honesty_(std::move(honesty)), prefix_(std::move(prefix)) {}

bool TroubledStorage::answers(Verb verb, std::string_view key) const {
  const std::string full = key.empty() ? prefix_ : layout::join(prefix_, key);
  const Answer answer = honesty_(verb, full);
  if (answer == Answer::error) throw StorageError(Trouble::unreadable, full, EIO);
  return answer == Answer::truth && inner_;
}

std::optional<Listing> TroubledStorage::list(std::string_view key) const {
  return answers(Verb::list, key) ? inner_->list(key) : std::nullopt;
}

std::optional<Stat> TroubledStorage::stat(std::string_view key) const {
  return answers(Verb::stat, key) ? inner_->stat(key) : std::nullopt;
}

std::optional<Content> TroubledStorage::read(std::string_view key, std::size_t limit) const {
  return answers(Verb::read, key) ? inner_->read(key, limit) : std::nullopt;
}

std::unique_ptr<Storage> TroubledStorage::below(std::string_view prefix) const {
  auto view = answers(Verb::below, prefix) ? inner_->below(prefix) : nullptr;
  return std::make_unique<TroubledStorage>(std::move(view), honesty_,
                                           layout::join(prefix_, prefix));
}

}  // namespace regctl::test
