// One contract for every Storage: what is there, what is provably absent, and what must throw.
#include "registry/storage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "tests/support/printing.h"
#include "tests/support/store_at.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/tree.h"

namespace regctl {

void PrintTo(const Entry& entry, std::ostream* out) {
  *out << entry.name << " of kind " << static_cast<int>(entry.kind);
}

namespace {

using test::kThen;
using test::name_of_case;
using test::TemporaryDirectory;
using test::Tree;
using testing::UnorderedElementsAre;

const Time kLater = kThen + std::chrono::hours(1) + std::chrono::nanoseconds(123'456'789);

struct Backend {
  const char* name;
  std::function<std::unique_ptr<Storage>(const Tree&, const TemporaryDirectory&)> hold;
};

std::unique_ptr<Storage> on_disk(const Tree& tree, const TemporaryDirectory& directory,
                                 beneath::Resolution resolution) {
  tree.write_to(directory.path());
  return test::storage_at(directory.path(), resolution);
}

// Every directory at the top is a link that is followed.
std::unique_ptr<Storage> behind_links(const Tree& tree, const TemporaryDirectory& directory) {
  namespace fs = std::filesystem;
  const fs::path top = directory.path() / "top", elsewhere = directory.path() / "elsewhere";
  for (const fs::path& path : {top, elsewhere}) fs::create_directory(path);
  tree.write_to(top);
  std::vector<std::string> moved;
  for (const auto& entry : fs::directory_iterator(top)) {
    if (!entry.is_symlink() && entry.is_directory()) moved.push_back(entry.path().filename());
  }
  for (const std::string& name : moved) {
    fs::rename(top / name, elsewhere / name);
    fs::create_directory_symlink(elsewhere / name, top / name);
  }
  StoreFacts facts{.v2 = top.string(), .links = links_below(top.string(), top.string(), moved)};
  return make_filesystem_storage(Store(std::move(facts)).tree());
}

class StorageContract : public testing::TestWithParam<Backend> {
 protected:
  Tree tree;

  // A storage that holds `tree` as it is now.
  const Storage& storage() {
    storage_ = GetParam().hold(tree, directory_.emplace());
    return *storage_;
  }

 private:
  std::optional<TemporaryDirectory> directory_;
  std::unique_ptr<Storage> storage_;
};

INSTANTIATE_TEST_SUITE_P(
    All, StorageContract,
    testing::Values(Backend{"InMemory", [](const Tree& tree,
                                           const TemporaryDirectory&) { return tree.storage(); }},
                    Backend{"OnDisk",
                            [](const Tree& tree, const TemporaryDirectory& directory) {
                              return on_disk(tree, directory, beneath::Resolution::best);
                            }},
                    Backend{"OnDiskByComponent",
                            [](const Tree& tree, const TemporaryDirectory& directory) {
                              return on_disk(tree, directory, beneath::Resolution::by_component);
                            }},
                    Backend{"OnDiskBehindLinks", behind_links}),
    name_of_case);

using Thrown = std::pair<Trouble, std::string>;

// What `call` throws: its trouble and key.
template <class Call>
Thrown trouble(Call call) {
  try {
    call();
  } catch (const StorageError& error) {
    EXPECT_NE(std::string(error.what()).find(error.key()), std::string::npos);
    return {error.trouble(), error.key()};
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

constexpr auto kSymlink = Trouble::behind_symlink;
constexpr auto kNotADirectory = Trouble::not_a_directory;

TEST_P(StorageContract, ListsNamesAndKinds) {
  tree.file("top/file", "x", kThen);
  tree.directory("top/directory", kThen);
  tree.symlink("top/link", "file", kThen);
  tree.device("top/fifo", kThen);
  tree.file("top/directory/inside", "x", kThen);
  tree.touch("top", kLater);
  const auto listing = storage().list("top");
  ASSERT_TRUE(listing);
  EXPECT_EQ(listing->stat.modified, kLater);
  EXPECT_THAT(
      listing->entries,
      UnorderedElementsAre(Entry{"file", EntryKind::file}, Entry{"directory", EntryKind::directory},
                           Entry{"link", EntryKind::symlink}, Entry{"fifo", EntryKind::other}));
}

TEST_P(StorageContract, ListsTheTop) {
  EXPECT_TRUE(storage().list("")->entries.empty());
  tree.file("a/b", "x", kThen);
  tree.file("c", "x", kThen);
  EXPECT_THAT(storage().list("")->entries,
              UnorderedElementsAre(Entry{"a", EntryKind::directory}, Entry{"c", EntryKind::file}));
  EXPECT_EQ(storage().stat("")->kind, EntryKind::directory);
}

TEST_P(StorageContract, ListsAnEmptyDirectory) {
  tree.directory("empty", kThen);
  const auto listing = storage().list("empty");
  ASSERT_TRUE(listing);
  EXPECT_TRUE(listing->entries.empty());
  EXPECT_EQ(listing->stat.modified, kThen);
}

TEST_P(StorageContract, ListsMoreThanOneBufferHolds) {
  std::vector<Entry> expected;
  for (int i = 0; i < 1500; ++i) {
    expected.push_back({std::to_string(i) + std::string(100, 'x'), EntryKind::file});
    tree.file("many/" + expected.back().name, "", kThen);
  }
  EXPECT_THAT(storage().list("many")->entries, testing::UnorderedElementsAreArray(expected));
}

TEST_P(StorageContract, NamesAreBytes) {
  const std::vector<std::string> names = {
      "with blank", "new\nline", "\xFF\xFE", "\x1b[31m", "-rf", "...", std::string(255, 'n')};
  std::vector<Entry> expected;
  for (const std::string& name : names) {
    tree.file("d/" + name, name, kThen);
    expected.push_back({name, EntryKind::file});
  }
  EXPECT_THAT(storage().list("d")->entries, testing::UnorderedElementsAreArray(expected));
  for (const std::string& name : names) EXPECT_EQ(storage().read("d/" + name, 1000)->bytes, name);
}

TEST_P(StorageContract, StatTellsKindSizeAndTime) {
  tree.file("d/file", "12345", kLater);
  tree.file("empty", "", kThen);
  tree.symlink("link", "d/file", kLater);
  tree.device("fifo", kThen);
  const auto file = storage().stat("d/file");
  ASSERT_TRUE(file);
  EXPECT_EQ(file->kind, EntryKind::file);
  EXPECT_EQ(file->bytes, 5u);
  EXPECT_GE(file->disk_bytes, 5u);
  EXPECT_EQ(file->modified, kLater);
  EXPECT_EQ(storage().stat("empty")->bytes, 0u);
  EXPECT_EQ(storage().stat("d")->kind, EntryKind::directory);
  EXPECT_EQ(storage().stat("link")->kind,
            EntryKind::symlink);  // the link itself, not what it leads to
  EXPECT_EQ(storage().stat("link")->modified, kLater);
  EXPECT_EQ(storage().stat("fifo")->kind, EntryKind::other);
}

TEST_P(StorageContract, ListsWithStats) {
  tree.file("d/file", "12345", kLater);
  tree.directory("d/directory", kThen);
  tree.symlink("d/link", "file", kThen);
  const Storage& held = storage();
  const auto listing = held.list_with_stats("d");
  ASSERT_TRUE(listing);
  ASSERT_EQ(listing->entries.size(), 3u);
  ASSERT_EQ(listing->stats.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(listing->stats[i], held.stat("d/" + listing->entries[i].name))
        << listing->entries[i].name;
    EXPECT_EQ(listing->stats[i]->kind, listing->entries[i].kind);
  }
  EXPECT_EQ(listing->stat, held.list("d")->stat);
  EXPECT_TRUE(storage().list("d")->stats.empty());
  EXPECT_FALSE(storage().list_with_stats("none"));
}

TEST_P(StorageContract, ReadsUpToTheLimit) {
  tree.file("d/file", "12345", kLater);
  struct Case {
    std::size_t limit;
    const char* bytes;
    bool whole;
  };
  for (const auto& [limit, bytes, whole] :
       {Case{0, "", false}, {4, "1234", false}, {5, "12345", true}, {6, "12345", true}}) {
    const auto content = storage().read("d/file", limit);
    ASSERT_TRUE(content);
    EXPECT_EQ(content->bytes, bytes) << limit;
    EXPECT_EQ(content->whole, whole) << limit;
    EXPECT_EQ(content->stat.kind, EntryKind::file);
    EXPECT_EQ(content->stat.bytes, 5u);
    EXPECT_EQ(content->stat.modified, kLater);
  }
  tree.file("empty", "", kThen);
  EXPECT_TRUE(storage().read("empty", 0)->whole);
  const std::string zeros("a\0b\0", 4), large(3'000'000, 'x');
  tree.file("zeros", zeros, kThen);
  tree.file("large", large, kThen);
  EXPECT_EQ(storage().read("zeros", 100)->bytes, zeros);
  EXPECT_EQ(storage().read("large", 10'000'000)->bytes, large);
}

TEST_P(StorageContract, ReadsNothingOutOfWhatIsNoFile) {
  tree.directory("directory", kThen);
  tree.device("fifo", kThen);  // without a writer: opening it plainly would wait for ever
  for (const auto& [key, kind] :
       {std::pair("directory", EntryKind::directory), {"fifo", EntryKind::other}}) {
    const auto content = storage().read(key, 100);
    ASSERT_TRUE(content) << key;
    EXPECT_EQ(content->stat.kind, kind);
    EXPECT_EQ(content->bytes, "");
  }
}

TEST_P(StorageContract, AbsenceIsAValue) {
  tree.file("d/file", "x", kThen);
  for (const char* key : {"none", "d/none", "none/file", "d/none/file", "none/a/b/c"}) {
    EXPECT_FALSE(storage().list(key)) << key;
    EXPECT_FALSE(storage().stat(key)) << key;
    EXPECT_FALSE(storage().read(key, 10)) << key;
  }
}

TEST_P(StorageContract, ALinkAtTheEndIsNeverFollowed) {
  tree.file("d/file", "x", kThen);
  tree.symlink("to-file", "d/file", kThen);
  tree.symlink("to-directory", "d", kThen);
  tree.symlink("d/dangling", "nowhere", kThen);
  tree.symlink("to-itself", "to-itself", kThen);
  tree.symlink("out", "/etc", kThen);
  for (const std::string key : {"to-file", "to-directory", "d/dangling", "to-itself", "out"}) {
    EXPECT_EQ(trouble([&] { storage().read(key, 10); }), Thrown(kSymlink, key));
    EXPECT_EQ(trouble([&] { storage().list(key); }), Thrown(kSymlink, key));
    EXPECT_EQ(storage().stat(key)->kind, EntryKind::symlink) << key;
  }
}

TEST_P(StorageContract, ALinkOnTheWayIsNeverFollowed) {
  tree.file("d/e/file", "x", kThen);
  tree.symlink("link", "d", kThen);
  tree.symlink("d/up", "..", kThen);
  tree.symlink("d/dangling", "nowhere", kThen);
  for (const std::string key :
       {"link/e", "link/e/file", "link/none", "d/up/d", "d/up/d/e/file", "d/dangling/x"}) {
    EXPECT_EQ(trouble([&] { storage().read(key, 10); }).first, kSymlink) << key;
    EXPECT_EQ(trouble([&] { storage().list(key); }).first, kSymlink) << key;
    EXPECT_EQ(trouble([&] { storage().stat(key); }).first, kSymlink) << key;
  }
}

TEST_P(StorageContract, WhereALinkLeads) {
  tree.file("d/e/file", "x", kThen);
  tree.symlink("link", "d", kThen);
  tree.symlink("d/e/up", "..", kThen);
  tree.symlink("d/deep", "../d/e", kThen);
  EXPECT_EQ(storage().leads_to("link"), "d");
  EXPECT_EQ(storage().leads_to("d/e/up"), "d");
  EXPECT_EQ(storage().leads_to("d/deep"), "d/e");
}

TEST_P(StorageContract, WhereALinkDoesNotLead) {
  tree.file("d/file", "x", kThen);
  tree.symlink("to-file", "d/file", kThen);
  tree.symlink("dangling", "d/none", kThen);
  tree.symlink("itself", "itself", kThen);
  tree.symlink("out", "/etc", kThen);
  tree.symlink("beside", "../", kThen);
  tree.symlink("top", ".", kThen);
  for (const std::string key : {"to-file", "dangling", "itself", "out", "beside", "top", "none"})
    EXPECT_FALSE(storage().leads_to(key)) << key;
}

TEST_P(StorageContract, AFileIsNoDirectory) {
  tree.file("d/file", "x", kThen);
  tree.device("fifo", kThen);
  for (const std::string key : {"d/file/x", "d/file/x/y", "fifo/x"}) {
    EXPECT_EQ(trouble([&] { storage().read(key, 10); }).first, kNotADirectory) << key;
    EXPECT_EQ(trouble([&] { storage().list(key); }).first, kNotADirectory) << key;
    EXPECT_EQ(trouble([&] { storage().stat(key); }).first, kNotADirectory) << key;
  }
  EXPECT_EQ(trouble([&] { storage().list("d/file"); }), Thrown(kNotADirectory, "d/file"));
  EXPECT_EQ(trouble([&] { storage().list("fifo"); }), Thrown(kNotADirectory, "fifo"));
}

TEST_P(StorageContract, AViewIsTheSameStorage) {
  tree.file("a/b/c/file", "x", kLater);
  const Storage& whole = storage();
  const auto view = whole.below("a/b"), deeper = view->below("c"), top = whole.below("");
  EXPECT_THAT(view->list("")->entries, UnorderedElementsAre(Entry{"c", EntryKind::directory}));
  EXPECT_THAT(view->list("c")->entries, UnorderedElementsAre(Entry{"file", EntryKind::file}));
  EXPECT_EQ(view->read("c/file", 10)->bytes, "x");
  EXPECT_EQ(view->stat("")->kind, EntryKind::directory);
  EXPECT_EQ(deeper->read("file", 10)->bytes, "x");
  EXPECT_EQ(deeper->stat("file")->modified, kLater);
  EXPECT_EQ(top->read("a/b/c/file", 10)->bytes, "x");
  EXPECT_FALSE(view->stat("a"));
  EXPECT_FALSE(deeper->read("none", 10));
}

TEST_P(StorageContract, AViewNamesTheCompleteKey) {
  tree.file("a/b/file", "x", kThen);
  tree.symlink("a/b/link", "file", kThen);
  const Storage& whole = storage();
  const auto view = whole.below("a")->below("b"), top = whole.below("");
  EXPECT_EQ(trouble([&] { view->read("link", 10); }), Thrown(kSymlink, "a/b/link"));
  EXPECT_EQ(trouble([&] { view->list("file"); }), Thrown(kNotADirectory, "a/b/file"));
  EXPECT_EQ(trouble([&] { top->read("a/b/link", 10); }), Thrown(kSymlink, "a/b/link"));
}

TEST_P(StorageContract, EverythingInAViewOfAnAbsentPrefixIsAbsent) {
  tree.file("a/file", "x", kThen);
  const Storage& whole = storage();
  for (const char* prefix : {"none", "a/none", "none/none"}) {
    const auto view = whole.below(prefix), deeper = view->below("deeper");
    for (const Storage* here : {view.get(), deeper.get()}) {
      EXPECT_FALSE(here->list(""));
      EXPECT_FALSE(here->stat(""));
      EXPECT_FALSE(here->list("x"));
      EXPECT_FALSE(here->stat("x/y"));
      EXPECT_FALSE(here->read("x", 10));
    }
  }
}

TEST_P(StorageContract, AViewOfALinkOrAFileThrowsWhenUsed) {
  tree.file("d/file", "x", kThen);
  tree.symlink("link", "d", kThen);
  const Storage& whole = storage();
  EXPECT_EQ(trouble([&] { whole.below("link")->read("file", 10); }).first, kSymlink);
  EXPECT_EQ(trouble([&] { whole.below("link")->list(""); }).first, kSymlink);
  EXPECT_EQ(trouble([&] { whole.below("d/file")->read("x", 10); }).first, kNotADirectory);
}

TEST_P(StorageContract, DeepTrees) {
  std::string path = "d";
  for (int depth = 1; depth < 1000; ++depth) path += "/d";
  tree.file(path + "/file", "x", kThen);
  const Storage& whole = storage();
  EXPECT_THAT(whole.list(path)->entries, UnorderedElementsAre(Entry{"file", EntryKind::file}));
  EXPECT_EQ(whole.read(path + "/file", 10)->bytes, "x");
  EXPECT_EQ(whole.stat(path + "/file")->bytes, 1u);
  EXPECT_EQ(whole.below(path)->read("file", 10)->bytes, "x");
  EXPECT_FALSE(whole.read(path + "/none/file", 10));
}

}  // namespace
}  // namespace regctl
