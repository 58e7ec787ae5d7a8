// What distribution makes of a configuration file and of the REGISTRY_* variables beside it.
#include "gc/serving/registry_configuration.h"

#include <gtest/gtest.h>

#include "tests/support/printing.h"

namespace regctl::gc {

void PrintTo(const Configuration& one, std::ostream* out) {
  *out << one.root_directory.value_or("no directory") << ", cache " << static_cast<int>(one.cache)
       << (one.redis ? ", redis" : "") << (one.read_only ? ", read-only" : "")
       << (one.proxy ? ", proxy" : "");
}

namespace {

struct Row {
  const char* name;
  std::string yaml;
  std::vector<std::string> environment;
  std::optional<Configuration> expected;  // empty: malformed
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

bool is_unclear(const std::string& yaml) {
  return std::holds_alternative<Unclear>(parse_configuration(yaml, {}));
}

class ParseConfiguration : public testing::TestWithParam<Row> {};

TEST_P(ParseConfiguration, Says) {
  const Row& row = GetParam();
  const auto found = parse_configuration(row.yaml, row.environment);
  const auto* configuration = std::get_if<Configuration>(&found);
  ASSERT_EQ(configuration != nullptr, row.expected.has_value());
  if (configuration) {
    EXPECT_EQ(*configuration, *row.expected);
  }
}

const std::string kDebian =
    "version: 0.1\nlog:\n  fields:\n    service: registry\nstorage:\n  cache:\n    blobdescriptor: "
    "inmemory\n"
    "  filesystem:\n    rootdirectory: /srv\n  delete:\n    enabled: true\nhttp:\n  addr: :5000\n";
const std::string kBare = "{storage: {filesystem: {rootdirectory: /srv}}}";
const std::string kReadOnly =
    "{storage: {filesystem: {rootdirectory: /srv}, maintenance: {readonly: {enabled: true}}}}";
const Configuration kSrv{.root_directory = "/srv"};

Configuration srv(Cache cache) { return {.root_directory = "/srv", .cache = cache}; }
Configuration read_only() { return {.root_directory = "/srv", .read_only = true}; }
Configuration redis() { return {.root_directory = "/srv", .redis = true}; }
Configuration proxy() { return {.root_directory = "/srv", .proxy = true}; }
std::string storage(const std::string& more) {
  return "{storage: {filesystem: {rootdirectory: /srv}, " + more + "}}";
}
std::string beside(const std::string& more) {
  return "{storage: {filesystem: {rootdirectory: /srv}}, " + more + "}";
}

INSTANTIATE_TEST_SUITE_P(
    File, ParseConfiguration,
    testing::Values(
        Row{"Debian", kDebian, {}, srv(Cache::inmemory)}, Row{"Bare", kBare, {}, kSrv},
        Row{"DefaultDirectory",
            "storage: {filesystem: }",
            {},
            Configuration{.root_directory = "/var/lib/registry"}},
        Row{"OneWord",
            "storage: filesystem",
            {},
            Configuration{.root_directory = "/var/lib/registry"}},
        Row{"S3", "storage: {s3: {bucket: b}}", {}, Configuration{}},
        Row{"NoStorage", "{}", {}, Configuration{}},
        Row{"OldName", storage("cache: {layerinfo: inmemory}"), {}, srv(Cache::inmemory)},
        Row{"RedisCache", storage("cache: {blobdescriptor: redis}"), {}, srv(Cache::redis)},
        Row{"UnknownCache", storage("cache: {blobdescriptor: memcached}"), {}, srv(Cache::unknown)},
        Row{"CacheIsAList",
            storage("cache: {blobdescriptor: [inmemory]}"),
            {},
            srv(Cache::unknown)},
        Row{"EmptyCache", storage("cache: {blobdescriptor: ''}"), {}, kSrv},
        Row{"Quoted", storage("cache: {blobdescriptor: 'inmemory'}"), {}, srv(Cache::inmemory)},
        Row{"Anchored",
            "{x: &c inmemory, storage: {filesystem: {rootdirectory: /srv}, cache: {blobdescriptor: "
            "*c}}}",
            {},
            srv(Cache::inmemory)},
        Row{"RedisAddress", beside("redis: {addr: 'localhost:6379'}"), {}, redis()},
        Row{"RedisAddresses", beside("redis: {addrs: [a]}"), {}, redis()},
        Row{"NoRedisAddress", beside("redis: {db: 0}"), {}, kSrv},
        Row{"ReadOnly", kReadOnly, {}, read_only()},
        Row{"NotReadOnly", storage("maintenance: {readonly: {enabled: false}}"), {}, kSrv},
        Row{"NotReadOnlyEither",
            storage("maintenance: {uploadpurging: {enabled: true}}"),
            {},
            kSrv},
        Row{"Proxy", beside("proxy: {remoteurl: 'https://hub'}"), {}, proxy()},
        Row{"EmptyProxy", beside("proxy: {remoteurl: ''}"), {}, kSrv},
        Row{"NotYaml", "{storage: [", {}, std::nullopt},
        Row{"NotAMap", "just words", {}, std::nullopt}, Row{"Empty", "", {}, std::nullopt},
        Row{"Twice", storage("cache: {}, cache: {blobdescriptor: inmemory}"), {}, std::nullopt},
        Row{"MergedWithAWord", "{storage: {filesystem: {}, <<: word}}", {}, std::nullopt},
        Row{"MergedWithAListOfWords", "{storage: {filesystem: {}, <<: [word]}}", {}, std::nullopt},
        Row{"Binary", storage("cache: {blobdescriptor: !!binary aW5tZW1vcnk=}"), {}, std::nullopt},
        Row{"DirectoryIsAMap", "storage: {filesystem: {rootdirectory: {}}}", {}, std::nullopt}),
    test::name_of_case);

INSTANTIATE_TEST_SUITE_P(
    Environment, ParseConfiguration,
    testing::Values(
        Row{"Directory",
            kDebian,
            {"REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY=/else"},
            Configuration{.root_directory = "/else", .cache = Cache::inmemory}},
        Row{"CacheOn",
            kBare,
            {"REGISTRY_STORAGE_CACHE_BLOBDESCRIPTOR=inmemory"},
            srv(Cache::inmemory)},
        Row{"CacheOff", kDebian, {"REGISTRY_STORAGE_CACHE_BLOBDESCRIPTOR="}, kSrv},
        Row{"CacheAsMap",
            kDebian,
            {"REGISTRY_STORAGE_CACHE={blobdescriptor: redis}"},
            srv(Cache::redis)},
        Row{"CacheTakenAway", kDebian, {"REGISTRY_STORAGE_CACHE="}, kSrv},
        Row{"StorageReplacesAll",
            kDebian,
            {"REGISTRY_STORAGE=filesystem"},
            Configuration{.root_directory = "/var/lib/registry"}},
        Row{"StorageComesFirst",
            kDebian,
            {"REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY=/x", "REGISTRY_STORAGE=filesystem"},
            Configuration{.root_directory = "/x"}},
        Row{"StorageAsMap", "{}", {"REGISTRY_STORAGE={filesystem: {rootdirectory: /srv}}"}, kSrv},
        Row{"ReadOnlyWhereNothingWas",
            kBare,
            {"REGISTRY_STORAGE_MAINTENANCE_READONLY_ENABLED=true"},
            read_only()},
        Row{"ReadOnlyAsMap",
            kBare,
            {"REGISTRY_STORAGE_MAINTENANCE_READONLY={enabled: true}"},
            read_only()},
        Row{"MaintenanceAsMap",
            kBare,
            {"REGISTRY_STORAGE_MAINTENANCE={\"readonly\": {\"enabled\": true}}"},
            read_only()},
        Row{"ReadOnlyOff",
            kReadOnly,
            {"REGISTRY_STORAGE_MAINTENANCE_READONLY_ENABLED=false"},
            kSrv},
        // Version 2 does not look at the variable here.
        Row{"ReadOnlyOverAMapOfTheFile",
            storage("maintenance: {readonly: {enabled: false}}"),
            {"REGISTRY_STORAGE_MAINTENANCE_READONLY_ENABLED=true"},
            kSrv},
        Row{"Proxy", kBare, {"REGISTRY_PROXY_REMOTEURL=https://hub"}, proxy()},
        Row{"ProxyOfACluster",
            kBare,
            {"REGISTRY_PROXY_SERVICE_HOST=10.0.0.1", "REGISTRY_PORT=tcp://10.0.0.1:5000"},
            kSrv},
        Row{"Redis", kBare, {"REGISTRY_REDIS_ADDR=localhost:6379"}, redis()},
        Row{"RedisOfACluster",
            kBare,
            {"REGISTRY_REDIS_SERVICE_HOST=10.0.0.1", "REGISTRY_REDIS_PORT=tcp://10.0.0.1:6379"},
            kSrv},
        Row{"KeysInAnyCase",
            storage("Maintenance: 1"),
            {"REGISTRY_STORAGE_CACHE_BLOBDESCRIPTOR=inmemory"},
            srv(Cache::inmemory)},
        Row{"OfOthers",
            kBare,
            {"XREGISTRY_STORAGE=s3", "REGISTRY_=x", "REGISTRY", "PATH=/bin", "registry_storage=s3"},
            kSrv},
        Row{"ThroughAScalar",
            storage("cache: x"),
            {"REGISTRY_STORAGE_CACHE_BLOBDESCRIPTOR=inmemory"},
            kSrv},
        Row{"NotYaml", kBare, {"REGISTRY_STORAGE_CACHE=["}, std::nullopt}),
    test::name_of_case);

TEST(ParseConfigurationLimits, AliasesDoNotMultiply) {
  std::string bomb = "a0: &a0 [x]\n";
  for (int i = 1; i < 40; ++i) {
    const std::string last = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " {p: " + last + ", q: " + last +
            "}\n";
  }
  EXPECT_TRUE(is_unclear(bomb));
  EXPECT_TRUE(is_unclear(std::string(100'000, '[')));
  EXPECT_TRUE(is_unclear(std::string(100'000, '{')));
}

TEST(RootDirectoryOf, OnlyWhatTheFileCannotChange) {
  EXPECT_EQ(root_directory_of({"REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY=/srv"}), "/srv");
  EXPECT_EQ(root_directory_of({"REGISTRY_STORAGE=filesystem"}), std::nullopt);
  EXPECT_EQ(root_directory_of({"REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY="}), std::nullopt);
  EXPECT_EQ(root_directory_of({}), std::nullopt);
}

// As distribution's own parser carries them out.
TEST(MergeKeys, AreCarriedOut) {
  const auto says = [](const std::string& yaml) {
    return std::get<Configuration>(parse_configuration(yaml, {}));
  };
  const std::string anchors =
      "x: &x\n  cache: {blobdescriptor: inmemory}\n  filesystem: {rootdirectory: /x}\n"
      "y: &y\n  filesystem: {rootdirectory: /y}\n";
  const Configuration merged = says(anchors + "storage:\n  <<: *x\n");
  EXPECT_EQ(merged.root_directory, "/x");
  EXPECT_EQ(merged.cache, Cache::inmemory);
  const Configuration own =
      says(anchors + "storage:\n  <<: *x\n  filesystem: {rootdirectory: /own}\n");
  EXPECT_EQ(own.root_directory, "/own");
  EXPECT_EQ(own.cache, Cache::inmemory);
  EXPECT_EQ(says(anchors + "storage:\n  <<: [*y, *x]\n").root_directory, "/y");
  EXPECT_EQ(says(anchors + "storage:\n  <<: [*y, *x]\n").cache, Cache::inmemory);
  EXPECT_EQ(says(anchors + "storage:\n  filesystem: {}\n  '<<': *x\n").cache, Cache::none)
      << "a quoted key is a key";
}

TEST(MergeKeys, CannotMakeASmallDocumentEnormous) {
  std::string bomb = "a0: &a0 {k: v}\n";
  for (int i = 1; i < 40; ++i) {
    const std::string before = std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " {x: *a" + before +
            ", <<: [*a" + before + ", *a" + before + "]}\n";
  }
  EXPECT_TRUE(is_unclear(bomb));
}

}  // namespace
}  // namespace regctl::gc
