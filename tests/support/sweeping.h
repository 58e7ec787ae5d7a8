// A run that changes a registry, on a disk: a story told, written down, swept, and looked at
// afterwards.
#pragma once

#include <fstream>
#include <functional>
#include <map>

#include "gc/collect.h"
#include "registry/filesystem_storage.h"
#include "registry/find_store.h"
#include "tests/support/program.h"
#include "tests/support/registry_builder.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/troubled_writer.h"

namespace regctl::test {

// Files below a directory, by their path; directories are not compared.
struct File {
  std::string bytes;
  std::filesystem::file_time_type modified;

  bool operator==(const File&) const = default;
};
using Files = std::map<std::string, File>;

inline void PrintTo(const File& file, std::ostream* out) { *out << file.bytes.size() << " bytes"; }

inline Files files_below(const std::filesystem::path& directory) {
  Files files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (entry.is_regular_file())
      files[entry.path().lexically_relative(directory)] = {read_all(entry.path()),
                                                           entry.last_write_time()};
  }
  return files;
}

class PhaseProgress final : public Progress {
 public:
  explicit PhaseProgress(const std::function<void(const std::string&)>& at) : at_(at) {}
  void phase(std::string_view name, Work, std::string_view) override { at_(std::string(name)); }
  void advance(Work) override {}

 private:
  const std::function<void(const std::string&)>& at_;
};

// A store on a disk. Its times are those of the story, which the clock of a run finds old.
class Sweeping {
 public:
  gc::Undertaking undertaking;
  // Of the last run that ended by itself: what it found, and what it set out to do.
  std::optional<gc::Looked> findings;
  gc::Plan plan;
  TroubledWriter::Before meddle = [](Verb, const std::string&) {};
  std::function<void(const std::string& phase)> at_phase = [](const std::string&) {};
  std::function<std::unique_ptr<Storage>(std::unique_ptr<Storage>)> wrap = [](auto storage) {
    return storage;
  };

  explicit Sweeping(const RegistryBuilder& registry) {
    std::filesystem::create_directories(v2());
    registry.tree.write_to(v2());
    undertaking.jobs = 1;
    undertaking.looking.settle = std::chrono::milliseconds(0);
    undertaking.wishes.margins.max_delete = {gc::MaxDelete::Unit::percent, 100};
    undertaking.wishes.policy.arrival = Arrival::ignored;  // the store was written just now
    offline();
  }

  Sweeping& offline() {
    undertaking.wishes.mode = gc::Mode::offline;
    undertaking.wishes.margins.hold = Duration(0);
    return *this;
  }
  Sweeping& online(Duration hold = std::chrono::hours(20)) {
    undertaking.wishes.mode = gc::Mode::online;
    undertaking.wishes.caches = {};
    undertaking.wishes.margins.hold = hold;
    return *this;
  }
  Sweeping& mode(gc::Mode mode) {
    undertaking.wishes.mode = mode;
    return *this;
  }
  Sweeping& delete_untagged() {
    undertaking.wishes.policy.delete_untagged = true;
    return *this;
  }

  gc::Swept run() {
    PhaseProgress progress(at_phase);
    undertaking.run = "run" + std::to_string(++runs_);
    const Store store(find_store(directory_.path()).facts);
    const auto storage = wrap(make_filesystem_storage(store.tree()));
    const auto writer = gc::open_writer(store);
    TroubledWriter troubled(*writer, meddle);
    const gc::Lock lock = gc::Lock::acquire(store);
    gc::Collected collected =
        collect(undertaking, store.facts(), {*storage, troubled, lock}, stop.get_token(), progress);
    findings = std::move(collected.found);
    plan = collected.swept.plan;
    return std::move(collected.swept);
  }

  std::filesystem::path v2() const { return directory_.path() / "docker/registry/v2"; }
  Files files() const { return files_below(v2()); }
  bool has(const std::string& key) const { return std::filesystem::exists(v2() / key); }
  void put(const std::string& key, const std::string& bytes) const {
    std::filesystem::create_directories((v2() / key).parent_path());
    std::ofstream(v2() / key) << bytes;
  }

  std::stop_source stop;

 private:
  TemporaryDirectory directory_;
  int runs_ = 0;
};

// The files of `files` that are in quarantine.
inline std::size_t count_quarantined(const Files& files) {
  std::size_t count = 0;
  for (const auto& [path, file] : files) count += path.find(".regctl-gc.") != std::string::npos;
  return count;
}

}  // namespace regctl::test
