// A Storage that does not always tell the truth: it fails, or says "absent" of what is there, when
// a test wants it to.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "registry/storage.h"

namespace regctl::test {

enum class Verb { list, stat, read, below };
enum class Answer { truth, error, absence };

// Asked before every call, with the complete key.
using Honesty = std::function<Answer(Verb, const std::string& key)>;

class TroubledStorage final : public Storage {
 public:
  // A null `inner` is the view of an absent prefix.
  TroubledStorage(std::unique_ptr<Storage> inner, Honesty honesty, std::string prefix = {});

  std::optional<Listing> list(std::string_view key) const override;
  std::optional<Stat> stat(std::string_view key) const override;
  std::optional<Content> read(std::string_view key, std::size_t limit) const override;
  std::unique_ptr<Storage> below(std::string_view prefix) const override;

 private:
  // Whether there is an answer at all. Throws StorageError where the trouble is an error.
  bool answers(Verb verb, std::string_view key) const;

  std::unique_ptr<Storage> inner_;
  Honesty honesty_;
  std::string prefix_;
};

}  // namespace regctl::test
