// Reports of every kind of run by the schemas in docs/, and the schemas by their own: a schema that
// nothing is validated by is prose, and one that refuses nothing says nothing.
#include "tests/support/report_schema.h"

#include <gmock/gmock.h>
#include <signal.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <iterator>
#include <regex>

#include "registry/hasher.h"
#include "tests/support/store_on_disk.h"

namespace regctl {
namespace {

using namespace test;
using Json = nlohmann::ordered_json;
using Pointer = Json::json_pointer;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;
namespace fs = std::filesystem;

const std::vector<std::string> kPrograms = {"regctl-gc", "regctl-audit"};

Json schema_of(const std::string& program) { return Json::parse(read_all(report_schema(program))); }

struct Told {
  std::string program;
  Json report;
};

class ReportSchema : public StoreOnDisk {
 protected:
  // Runs that between them write every field, each into `told`. Names are Latin-1, so that each
  // that has a KEY_base64 shows it.
  void tell_all() {
    tell_a_store();
    fs::create_directories(top / "docker/registry/v2");
    registry.tree.write_to(top / "docker/registry/v2");
    std::ofstream(work.path() / "roots") << digest_of("a digest to be kept").text() << '\n';
    const std::vector<std::string> everything = {"-m",
                                                 "--purge-uploads",
                                                 "168h",
                                                 "--prune-empty-repositories",
                                                 "--prune-dead-tags",
                                                 "--prune-broken-manifests",
                                                 "--prune-orphaned-referrers"};
    expect("complete", "regctl-audit", {});
    for (const char* part : {"1/2", "50%"}) expect("complete", "regctl-audit", {"--subset", part});
    expect("incomplete", "regctl-audit", {"--deadline", "0s", "--state", state});
    expect("interrupted", "regctl-audit", {"--quick"}, kSlowly);
    expect("warnings", "regctl-gc", {"-n"});
    expect("warnings", "regctl-gc", with(everything, {"-n"}));
    expect("warnings", "regctl-gc",
           {"-n", "--offline", "--insist", "registry-in-doubt", "--limit-rate", "1GB"});
    expect(
        "refused", "regctl-gc",
        {"-n", "-m", "--on-damage", "refuse", "--protect", "*", "--roots", work.path() / "roots"});
    expect("refused", "regctl-gc", {"-n", "--cache-unused", "30d"});
    expect("interrupted", "regctl-gc", {"-n"}, kSlowly);
    expect("interrupted", "regctl-gc", {}, kSlowly);
    expect("incomplete", "regctl-gc", {"--deadline", "0s"});
    expect("warnings", "regctl-gc", {"--heal", "--registry-restarted-at", "2026-01-01T00:00:00Z"});
    expect("warnings", "regctl-gc", with(everything, {}));
    expect("complete", "regctl-audit", {"--state", state});
    expect("warnings", "regctl-gc", {"--restore", "--run", last("regctl-gc")["run"]["id"]});
    expect("warnings", "regctl-gc",
           with(everything, {"--offline", "--insist", "registry-in-doubt"}));
    top = work.path() / "empty";
    fs::create_directories(top);
    expect("warnings", "regctl-gc", {"-n"});
    expect("warnings", "regctl-gc", {});
    expect("complete", "regctl-audit", {"--quick"});
  }

  std::vector<std::string> told_by(const std::string& program) const {
    std::vector<std::string> reports;
    for (const Told& one : told) {
      if (one.program == program) reports.push_back(one.report.dump());
    }
    return reports;
  }

  std::vector<Told> told;

 private:
  static std::vector<std::string> with(std::vector<std::string> argv,
                                       const std::vector<std::string>& options) {
    argv.insert(argv.end(), options.begin(), options.end());
    return argv;
  }

  void tell_a_store() {
    const std::string name = "cafe", broken = name + "/broken";
    registry.image(name, {"kept"}, "v1");
    registry.tag(name, "v1", registry.image(name, {"untagged"}));
    registry.image(name, {"kept"}, "v1");
    registry.layer(name, "garbage");
    registry.blob("that nobody links");
    registry.link_layer(name, digest_of("a layer that is gone"));
    const std::string uploads = "repositories/" + name + "/_uploads/";
    registry.tree.file(uploads + "0c5b2d6e/startedat", "2026-05-02T00:00:00Z", registry.time());
    registry.tree.file(uploads + "0c5b2d6e/data", "half", registry.time());
    registry.tree.file("repositories/" + name +
                           "/_manifests/tags/v1/current/"
                           "link.6f7a0f2e-0000-4000-8000-000000000001.tmp",
                       "", registry.time());
    registry.tree.file("blobs/sha256/caf\xe9", "", registry.time());
    registry.tree.directory("repositories/" + name + "/empty/_layers", registry.time());
    registry.tag(broken, "t.g", digest_of("never pushed"));
    const Digest torn = registry.image(broken, {"torn"}, "v1");
    registry.tree.bytes(RegistryBuilder::data(torn)) += ' ';
    const Digest other = registry.image(broken, {"another"}, "v2");
    registry.tree.bytes(RegistryBuilder::revision(broken, other)) += " and more";
    registry.image(broken, {"gone"}, "v3");
    registry.tree.remove(layout::blob(digest_of("gone")));
    const std::string config = "{}";
    registry.layer(broken, config);
    registry.layer(broken, "of another size");
    registry.manifest(broken,
                      RegistryBuilder::image_json(digest_of(config), config.size(),
                                                  {{digest_of("of another size"), 7}}),
                      "sizes");
    for (const char* wanted : {"wanted", "not wanted"}) {
      const Digest digest = registry.layer(name, wanted);
      registry.quarantine(RegistryBuilder::data(digest), registry.time());
      registry.quarantine(RegistryBuilder::layer_link(name, digest), registry.time());
    }
    registry.image(name, {"wanted"}, "v2");
    tell_what_nobody_can_pull(name);
  }

  void tell_what_nobody_can_pull(const std::string& name) {
    const Digest deleted = registry.image(name, {"deleted"}, "dead");
    registry.tree.remove(RegistryBuilder::revision(name, deleted));
    registry.tree.directory(layout::tag(name, "hollow"), registry.time());
    registry.tree.file(
        layout::quarantined_tag(name, "taken", {kTaken, "0123456789abcdef"}) + "/current/link",
        deleted.text(), registry.time());
    registry.tree.remove(RegistryBuilder::data(registry.image(name + "/lost", {"lost"})));
    registry.image(name, {"a signature"}, "sha256-" + digest_of("no image").hex() + ".sig");
  }

  const Json& last(const std::string& program) const {
    for (auto one = told.rbegin(); one != told.rend(); ++one) {
      if (one->program == program) return one->report;
    }
    throw std::logic_error("nothing told");
  }

  void expect(const std::string& outcome, const std::string& program,
              const std::vector<std::string>& options, std::vector<std::string> argv = {}) {
    if (program == "regctl-audit")
      argv.push_back(regctl_audit());
    else
      argv.insert(argv.end(), {regctl_gc(), "--keep-younger-than", "0s", "--hold", "0s",
                               "--registry-cache", "none", "--max-delete", "100%"});
    argv.insert(argv.end(), options.begin(), options.end());
    argv.insert(argv.end(), {"--json", top});
    std::ofstream(trace, std::ios::trunc);
    Program running(argv);
    if (argv[0] == "strace") {
      ASSERT_TRUE(becomes_true([&] { return fs::file_size(trace) > 0; })) << running.err();
      running.send(SIGTERM);
    }
    const Ran ran = running.wait();
    const Json report = Json::parse(ran.out, nullptr, false);
    ASSERT_TRUE(report.is_object()) << testing::PrintToString(argv) << ran.status << ran.err;
    EXPECT_EQ(report.at("run").at("outcome"), outcome) << testing::PrintToString(argv) << ran.out;
    told.push_back({program, report});
  }

  // Slowed down, so that a signal comes before anything is known. When the first call is told, the
  // program waits for signals, which can no longer kill it.
  const fs::path trace = work.path() / "trace", state = work.path() / "state";
  const std::vector<std::string> kSlowly = {"strace", "-D",
                                            "-f",     "-qq",
                                            "-o",     trace,
                                            "-e",     "trace=openat2",
                                            "-e",     "inject=openat2:delay_enter=200000"};

  fs::path top = root.path() / "stor\xe9";
};

// The names of the fields that lead to a value, without the places in arrays:
// "/plan/blobs/*/reason".
std::string shape_of(const Pointer& place) {
  return std::regex_replace(place.to_string(), std::regex("/[0-9]+(?=/|$)"), "/*");
}

void visit(const Json& value, const Pointer& place,
           const std::function<void(const Json&, const Pointer&)>& visitor) {
  visitor(value, place);
  if (value.is_object()) {
    for (const auto& [name, member] : value.items()) visit(member, place / name, visitor);
  } else if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i) visit(value[i], place / i, visitor);
  }
}

// All fields that the part of a schema at `place` describes, as pointers into the schema; with
// `value` only those that stand in it.
void note_fields(const Json& schema, const Pointer& place, const Json* value,
                 std::set<std::string>& fields) {
  const Json& part = schema.at(place);
  if (part.contains("$ref"))
    note_fields(schema, Pointer(part["$ref"].get<std::string>().substr(1)), value, fields);
  if (part.contains("anyOf")) {
    for (std::size_t i = 0; i < part["anyOf"].size(); ++i)
      note_fields(schema, place / "anyOf" / i, value, fields);
  }
  if (part.contains("properties") && (!value || value->is_object())) {
    for (const auto& [name, field] : part["properties"].items()) {
      if (value && !value->contains(name)) continue;
      const Pointer at = place / "properties" / name;
      fields.insert(at.to_string());
      note_fields(schema, at, value ? &value->at(name) : nullptr, fields);
    }
  }
  if (!part.contains("items")) return;
  if (!value) note_fields(schema, place / "items", nullptr, fields);
  if (value && value->is_array())
    for (const Json& item : *value) note_fields(schema, place / "items", &item, fields);
}

TEST_F(ReportSchema, DescribesEveryKindOfRun) {
  tell_all();
  for (const std::string& program : kPrograms) {
    const auto reports = told_by(program);
    const auto found = objections(report_schema(program), reports);
    for (std::size_t i = 0; i < reports.size(); ++i) EXPECT_EQ(found[i], "") << reports[i];

    // And nothing but what is written: a field that none of them has may be misspelt.
    const Json schema = schema_of(program);
    std::set<std::string> described, met;
    note_fields(schema, Pointer(), nullptr, described);
    for (const std::string& text : reports) {
      const Json report = Json::parse(text);
      note_fields(schema, Pointer(), &report, met);
    }
    std::set<std::string> prose;
    std::set_difference(described.begin(), described.end(), met.begin(), met.end(),
                        std::inserter(prose, prose.end()));
    // No name is met today that needs this: what is not ASCII is no name of a registry's.
    std::erase_if(prose, [](const std::string& field) { return field.ends_with("_base64"); });
    EXPECT_THAT(prose, IsEmpty()) << program;
    EXPECT_GT(met.size(), 50u) << program;
  }
}

// One fault in a report, at each place of a shape that no earlier place had, and the labels of the
// places where it passes.
class Mutations {
 public:
  using Fault =
      std::function<bool(Json& report, const Pointer& place)>;  // false: none can be there
  using Labels = std::set<std::string>;

  explicit Mutations(const std::vector<Told>& told) : told_(told) {}

  Labels that_pass(const Fault& fault) const {
    Labels passed;
    for (const std::string& program : kPrograms) {
      std::vector<std::string> documents, labels;
      std::set<std::string> seen;
      for (const Told& one : told_) {
        if (one.program != program) continue;
        visit(one.report, Pointer(), [&](const Json& value, const Pointer& place) {
          // An object and null in the same place are two shapes.
          if (!seen.insert(shape_of(place) + ' ' + value.type_name()).second) return;
          Json report = one.report;
          if (!fault(report, place) || report == one.report) return;
          documents.push_back(report.dump());
          labels.push_back(label_of(place));
        });
      }
      EXPECT_GT(documents.size(), 10u);
      const auto found = objections(report_schema(program), documents);
      for (std::size_t i = 0; i < documents.size(); ++i) {
        if (found[i].empty()) passed.insert(labels[i]);
      }
    }
    return passed;
  }

 private:
  // The last two names that lead to it: "blobs.reason".
  static std::string label_of(const Pointer& place) {
    const std::string shape = std::regex_replace(
        shape_of(place), std::regex("^/(blockers|warnings|errors)(?=/)"), "/message");
    static const std::regex kLast("(?:/([^/*]+))?(?:/\\*)*/([^/*]+)(?:/\\*)*$");
    std::smatch match;
    if (!std::regex_search(shape, match, kLast)) return shape;
    return match[1].matched ? match[1].str() + '.' + match[2].str() : match[2].str();
  }

  const std::vector<Told>& told_;
};

TEST_F(ReportSchema, RefusesWhatIsMissingAddedOrMisspelt) {
  tell_all();
  const Mutations mutations(told);

  const auto with_another_field = mutations.that_pass([](Json& report, const Pointer& place) {
    if (!report[place].is_object()) return false;
    report[place]["unexpected"] = 1;
    return true;
  });
  EXPECT_THAT(with_another_field, IsEmpty());

  auto without_it = mutations.that_pass([](Json& report, const Pointer& place) {
    if (place.empty() || !report[place.parent_pointer()].is_object()) return false;
    report[place.parent_pointer()].erase(place.back());
    return true;
  });
  // What stands only where a name is not UTF-8 is nowhere required.
  std::erase_if(without_it, [](const std::string& label) { return label.ends_with("_base64"); });
  EXPECT_THAT(without_it,
              UnorderedElementsAre("findings.bytes", "findings.digest", "findings.expected",
                                   "findings.found", "findings.path", "findings.repository",
                                   "findings.tag", "message.digest", "message.hint", "message.path",
                                   "message.repository", "options.deadline_seconds",
                                   "options.cache_unused_seconds", "options.limit_rate_bytes",
                                   "options.purge_uploads_seconds", "options.registry_restarted_at",
                                   "options.run", "options.uploads_idle_seconds", "known.oldest_at",
                                   "used_by.manifest", "used_by.platform", "verification.of",
                                   "verification.share", "verification.slice"));

  const auto below_zero = mutations.that_pass([](Json& report, const Pointer& place) {
    report[place] = -1;
    return true;
  });
  EXPECT_THAT(below_zero, UnorderedElementsAre("repositories.bytes", "trend.blobs", "trend.bytes",
                                               "trend.garbage_bytes"));  // of a trend

  const auto null = mutations.that_pass([](Json& report, const Pointer& place) {
    report[place] = nullptr;
    return true;
  });
  EXPECT_THAT(
      null, UnorderedElementsAre("blobs.last_repository", "kept.mismatched", "swept", "tags.digest",
                                 "uploads.started_at", "waiting.oldest", "waiting.until"));

  // Names and sentences may be any text; whatever a program compares may not.
  const auto misspelt = mutations.that_pass([](Json& report, const Pointer& place) {
    if (!report[place].is_string()) return false;
    report[place] = report[place].get<std::string>() + '?';
    return true;
  });
  EXPECT_THAT(
      misspelt,
      UnorderedElementsAre(
          "blobs.last_repository", "filesystem.type", "findings.advice", "findings.expected",
          "findings.found", "findings.path", "findings.repository", "findings.tag",
          "layer_links.repository", "manifests.former_tags", "manifests.repository", "message.hint",
          "message.message", "message.path", "message.repository", "options.max_delete",
          "options.protect", "options.roots", "options.run", "plan.empty_repositories",
          "purge.repository", "purge.tag", "repositories.name", "restore.repository", "restore.tag",
          "rules.summary", "run.host", "run.root", "tags.repository", "tags.tag",
          "temporary_files.path", "uploads.repository", "uploads.uuid", "used_by.repository",
          "used_by.platform", "used_by.tags", "waiting.what_would_free_it"));
}

// A validator takes no notice of a keyword that it does not know, and a metaschema none of a
// misspelt one. This one does: it is the metaschema, closed, in every subschema.
constexpr char kClosedMetaschema[] = R"({
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "$id": "https://regctl-gc.invalid/schemas/closed-metaschema.json",
  "$dynamicAnchor": "meta",
  "$ref": "https://json-schema.org/draft/2020-12/schema",
  "unevaluatedProperties": false
})";

TEST_F(ReportSchema, IsASchema) {
  const fs::path metaschema = work.path() / "metaschema.json";
  std::ofstream(metaschema) << kClosedMetaschema;
  for (const std::string& program : kPrograms) {
    const Json schema = schema_of(program);
    EXPECT_EQ(objections(metaschema, {schema.dump()})[0], "") << program;
    EXPECT_EQ(schema["$schema"], Json::parse(kClosedMetaschema)["$schema"]) << program;
    // Since 2019 a format is a remark: nothing is refused for it.
    visit(schema, Pointer(), [](const Json&, const Pointer& place) {
      EXPECT_FALSE(!place.empty() && place.back() == "format") << place;
    });
  }
  EXPECT_THAT(
      objections(metaschema, {R"({"$defs": {"a": {"properties": {"b": {"type": "text"}}}}})",
                              R"({"$defs": {"a": {"items": {"required": "b"}}}})",
                              R"({"$defs": {"a": {"items": {"requierd": ["b"]}}}})"}),
      ElementsAre(HasSubstr("$.$defs.a.properties.b.type: "),
                  HasSubstr("$.$defs.a.items.required: "), HasSubstr("'requierd' was unexpected")));
}

TEST_F(ReportSchema, IsNotTakenForValidWhereNobodyValidates) {
  const fs::path schema = work.path() / "schema.json";
  const std::vector<std::string> documents = {"{}", "[]"};
  std::ofstream(schema) << R"({"type": "object"})";
  EXPECT_THAT(objections(schema, documents),
              ElementsAre("", HasSubstr("$: [] is not of type 'object'")));
  EXPECT_THAT(objections(schema, {"{", "{}"}), Each(HasSubstr("Failed to parse")));
  std::ofstream(schema) << R"({"type": "text"})";
  EXPECT_THAT(objections(schema, documents), Each(HasSubstr("'text' is not valid")));
  std::ofstream(schema) << R"({"$ref": "#/$defs/absent"})";
  EXPECT_THAT(objections(schema, documents), Each(HasSubstr("Unresolvable")));
  EXPECT_THAT(objections(work.path() / "absent", documents), Each(HasSubstr("does not exist")));
}

}  // namespace
}  // namespace regctl
