// A storage around another, with a word of the test's own on each call: it fails, says "absent" of
// what is there, lists otherwise, or lets something happen meanwhile.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "registry/storage.h"
#include "tests/support/verb.h"

namespace regctl::test {

enum class Answer { truth, error, absence };

// Asked before every call, with the complete key. May throw an error of its own.
using Honesty = std::function<Answer(Verb, const std::string& key)>;

// All that a test may have to say. What is empty says nothing.
struct Hooks {
  Honesty honesty;
  std::function<void(Listing&)> listed;  // what list() has found, before it is told
  // Before each read of what was opened; `limit` is what is asked for.
  std::function<void(const std::string& key, std::size_t limit)> reading;
  std::function<void(const std::string& key, Identity&)> identified;  // what was opened, as told
};

class TroubledStorage final : public Storage {
 public:
  // A null `inner` is the view of an absent prefix. All views share the hooks.
  TroubledStorage(std::unique_ptr<Storage> inner, Honesty honesty);
  TroubledStorage(std::unique_ptr<Storage> inner, Hooks hooks);

  std::optional<Listing> list(std::string_view key) const override;
  std::optional<Stat> stat(std::string_view key) const override;
  std::optional<Content> read(std::string_view key, std::size_t limit) const override;
  std::unique_ptr<Reader> open(std::string_view key) const override;
  std::optional<std::string> leads_to(std::string_view key) const override;
  std::unique_ptr<Storage> below(std::string_view prefix) const override;

 private:
  using SharedHooks = std::shared_ptr<const Hooks>;
  TroubledStorage(std::unique_ptr<Storage> inner, SharedHooks hooks, std::string prefix);

  std::string full(std::string_view key) const;
  // Whether there is an answer at all. Throws StorageError where the trouble is an error.
  bool answers(Verb verb, std::string_view key) const;

  std::unique_ptr<Storage> inner_;
  SharedHooks hooks_;
  std::string prefix_;
};

}  // namespace regctl::test
