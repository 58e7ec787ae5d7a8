// What a dry run and an audit do when the system gives them less than they ask for: calls that are
// interrupted or cut short, no memory, a small stack, streams that nobody takes. Tests are named
// after the faults of the reliability reference (F49, ...).
#include <fcntl.h>
#include <unistd.h>

#include <fstream>

#include "registry/hasher.h"
#include "tests/support/store_on_disk.h"

namespace regctl {
namespace {

using namespace test;
using nlohmann::json;
namespace fs = std::filesystem;

class Process : public SmallStore {
 protected:
  static Ran under(std::vector<std::string> wrapper, const std::vector<std::string>& program) {
    wrapper.insert(wrapper.end(), program.begin(), program.end());
    return run(wrapper);
  }
  static Ran injected(const std::vector<std::string>& options,
                      const std::vector<std::string>& program) {
    std::vector<std::string> wrapper = {"strace", "-f", "-qq", "-o", "/dev/null"};
    wrapper.insert(wrapper.end(), options.begin(), options.end());
    return under(wrapper, program);
  }
  // `program` with a shell's redirections.
  static Ran redirected(const std::string& redirections, const std::vector<std::string>& program) {
    return under({"sh", "-c", "exec \"$@\" " + redirections, "sh"}, program);
  }
  // Of an audit's findings. (Its report explains every rule, broken or not.)
  static std::set<std::string> rules_broken(const Ran& audit) {
    std::set<std::string> rules;
    const json report = report_of(audit);
    if (!report.is_object() || !report.at("findings").is_array()) return rules;
    for (const auto& finding : report.at("findings"))
      rules.insert(finding.at("rule").get<std::string>());
    return rules;
  }
};

// Somebody names a digest that is not theirs: that keeps it alive, and nothing else happens.
TEST_F(Process, F43AFakeReferenceKeepsWhatItNames) {
  const Digest pinned = registry.layer("team/app", "another's garbage");
  const Digest config = registry.layer("evil", "{}");
  std::string manifest = RegistryBuilder::image_json(config, 2, {});
  manifest.insert(manifest.size() - 1, R"(,"x":{"y":[")" + pinned.text() + R"("]})");
  registry.manifest("evil", manifest, "v1");
  write();
  const Ran ran = dry_run();
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(planned(ran), std::set{garbage});
  EXPECT_EQ(run(audit_of(root.path())).status, 0);
}

TEST_F(Process, F49InterruptedCalls) {
  write();
  const std::string quiet = judgement(dry_run({"-j", "1"}));
  for (const char* calls : {"openat2", "getdents64", "openat2,getdents64"}) {
    const Ran ran = injected({"-e", std::string("trace=") + calls, "-e",
                              std::string("inject=") + calls + ":error=EINTR:when=1+2"},
                             dry_run_of(root.path(), {"-j", "1"}));
    EXPECT_EQ(judgement(ran), quiet) << calls;
  }
  const std::string data = v2() / RegistryBuilder::data(image);
  const auto reading = [&](const std::string& fault) {
    return injected({"-P", data, "-e", "trace=read", "-e", "inject=read:" + fault},
                    dry_run_of(root.path()));
  };
  EXPECT_EQ(judgement(reading("error=EINTR:when=1")), quiet);
  const Ran again = reading("error=EAGAIN:when=1");
  EXPECT_EQ(again.status, 12) << again.out;
  EXPECT_EQ(codes_of(again, "blockers"), std::set<std::string>{"read-error"}) << again.out;
}

// strace makes the call "return" fewer bytes without doing it: what arrives is wrong, and the hash
// must say so.
TEST_F(Process, F49ShortReads) {
  write();
  const std::string data = v2() / RegistryBuilder::data(image), quiet = judgement(dry_run());
  const auto reading = [&](std::vector<std::string> program, const std::string& fault) {
    program.insert(program.begin() + 1, {"-j", "1"});
    return injected({"-P", data, "-e", "trace=read", "-e", "inject=read:" + fault}, program);
  };
  for (const std::string fault : {"retval=0", "retval=1", "retval=10"}) {
    const Ran ran = reading(dry_run_of(root.path()), fault);
    EXPECT_EQ(ran.status, 1) << fault << ran.err;
    EXPECT_EQ(planned(ran), std::set{garbage})
        << fault;  // what the manifest names is linked, and stays
    EXPECT_TRUE(json::parse(ran.out).at("repositories").at(0).at("pinned").get<bool>()) << fault;
    const Ran audit = reading(audit_of(root.path()), fault);
    EXPECT_EQ(audit.status, 12) << fault;
    EXPECT_TRUE(rules_broken(audit).contains("manifest-digest-mismatch")) << fault << audit.out;
    // Once only: doubt makes the dry run look again, and then all is well.
    EXPECT_EQ(judgement(reading(dry_run_of(root.path()), fault + ":when=1")), quiet) << fault;
  }
}

// Whatever the limit: the whole answer, or none and status 70. 127: not even the loader came
// through.
TEST_F(Process, F56TooLittleMemory) {
#ifdef REGCTL_TEST_SANITIZED
  GTEST_SKIP() << "F56: a sanitizer's shadow takes all address space";
#endif
  write();
  for (const char* jobs : {"1", "4"}) {
    const std::string quiet = judgement(dry_run({"-j", jobs}));
    int enough = 0, none = 0;
    for (int mebibytes = 12; mebibytes < 400 && enough < 3; mebibytes += mebibytes < 64 ? 1 : 16) {
      const Ran ran = under({"prlimit", "--as=" + std::to_string(mebibytes << 20)},
                            dry_run_of(root.path(), {"-j", jobs}));
      if (ran.status == 127) continue;
      if (ran.status == 70) {
        ++none;
        EXPECT_EQ(ran.out, "");
        const bool told =
            ran.err.find("--jobs") != std::string::npos ||                   // our advice
            ran.err.find("pthread_create has failed") != std::string::npos;  // oneTBB's word
        EXPECT_TRUE(told) << ran.err;
        continue;
      }
      // libc may be the first to notice, or a library that throws while it is loaded.
      const bool loading =
          none == 0 &&
          ran.err.find("terminate called without an active exception") != std::string::npos;
      if (ran.status == 128 + SIGABRT &&
          (loading || ran.err.find("Fatal glibc error") != std::string::npos))
        continue;
      EXPECT_EQ(judgement(ran), quiet) << mebibytes << " MiB, -j " << jobs << ": " << ran.err;
      ++enough;
    }
    EXPECT_EQ(enough, 3) << "-j " << jobs;
    EXPECT_GT(none, 0) << "-j " << jobs;
  }
}

TEST_F(Process, F56AnyAllocationThatFails) {
#ifdef REGCTL_TEST_SANITIZED
  GTEST_SKIP() << "F56: a sanitizer ends the program itself";
#endif
  write();
  const auto program = dry_run_of(root.path(), {"-j", "1"});
  const std::string quiet = judgement(run(program));
  int answered = 0, refused = 0;  // brk is no use: libc takes an injected failure for an address
  for (int n = 2; answered < 40 && n < 400; ++n) {
    const Ran ran = injected(
        {"-e", "trace=mmap", "-e", "inject=mmap:error=ENOMEM:when=" + std::to_string(n) + '+'},
        program);
    if (ran.status == 127) {  // the loader
      n += 3;
      continue;
    }
    ++answered;
    if (ran.status == 70) {
      ++refused;
      EXPECT_EQ(ran.out, "");
      continue;
    }
    EXPECT_EQ(judgement(ran), quiet) << n << ran.err;
  }
  EXPECT_GT(refused, 0) << "no allocation failed: nothing was tested";
}

#ifdef REGCTL_TEST_SANITIZED
constexpr char kStack[] =
    "--stack=8388608";  // each thread's share of a sanitizer lies on its stack too
#else
constexpr char kStack[] = "--stack=262144";
#endif

// Nothing recurses as deep as a pusher likes: directories, documents and chains of indexes on 256
// KiB of stack.
TEST_F(Process, F57ASmallStack) {
  std::string deep = "deep";
  for (int i = 0; i < 700; ++i) deep += "/d";
  const Digest at_the_bottom = registry.image(deep, {"at the bottom"}, "v1");
  const Digest config = registry.layer("json", "{}");
  std::string manifest = RegistryBuilder::image_json(config, 2, {});
  const Digest named = registry.blob("named at the innermost");
  manifest.insert(manifest.size() - 1, R"(,"x":)" + std::string(9000, '[') + '"' + named.text() +
                                           '"' + std::string(9000, ']'));
  registry.manifest("json", manifest, "v1");
  Digest chain = registry.image("chain", {"end of the chain"});
  for (int i = 0; i < 1000; ++i) chain = registry.index("chain", {chain});
  registry.tag("chain", "v1", chain);
  write();
  const Ran quiet = dry_run({"-m"});
  EXPECT_EQ(planned(quiet), std::set{garbage}) << quiet.err;
  for (const char* jobs : {"1", "16"}) {
    const Ran ran = under({"prlimit", kStack}, dry_run_of(root.path(), {"-m", "-j", jobs}));
    EXPECT_EQ(judgement(ran), judgement(quiet)) << jobs;
  }
  const Ran audit = under({"prlimit", kStack}, audit_of(root.path()));
  EXPECT_EQ(audit.status, run(audit_of(root.path())).status) << audit.err;
  EXPECT_TRUE(json::parse(audit.out, nullptr, false).is_object());
  EXPECT_FALSE(at_the_bottom == image);
}

TEST_F(Process, F58AReportThatNobodyTakes) {
  write();
  for (const auto& program : {dry_run_of(root.path()), audit_of(root.path())}) {
    for (const char* where : {">/dev/full", ">&-", "| :"}) {
      const bool pipe = where[0] == '|';
      // A pipe without a reader: the reader's end is closed before the program starts.
      const Ran ran =
          pipe ? under({"bash", "-c", "exec 3> >(:); wait $!; exec \"$@\" >&3 3>&-", "bash"},
                       program)
               : redirected(where, program);
      EXPECT_EQ(ran.status, 1) << program[0] << where << ran.err;
      EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << where << ran.err;
    }
  }
}

// What is said on standard error may be lost; the report and the status stay what they are.
TEST_F(Process, F58MessagesThatNobodyTakes) {
  registry.tree.bytes(RegistryBuilder::data(image)) += "damage";  // something to warn of
  write();
  for (auto program :
       {dry_run_of(root.path(), {"-v", "--progress", "always"}), audit_of(root.path())}) {
    const Ran heard = run(program);
    ASSERT_NE(heard.status, 0);
    for (const char* where : {"2>/dev/full", "2>&-", "0<&- 2>&-"}) {
      const Ran ran = redirected(where, program);
      EXPECT_EQ(ran.status, heard.status) << program[0] << ' ' << where << ran.err;
      EXPECT_EQ(json::parse(ran.out, nullptr, false).is_object(), true) << where;
    }
  }
  // The same where the message is all there is.
  for (const char* where : {"2>/dev/full", "2>&-"}) {
    EXPECT_EQ(redirected(where, {regctl_gc(), "--dry-run", root.path() / "none"}).status, 10)
        << where;
    EXPECT_EQ(redirected(where, {regctl_gc(), "--no-such-option"}).status, 2) << where;
  }
}

// A descriptor below 3 that is closed must not become the storage's, a report's or a lock's.
TEST_F(Process, F58ClosedStreamsAreNotReused) {
  write();
  const auto trace = work.path() / "trace";
  const Ran ran = under(
      {"sh", "-c", "exec strace -f -qq -e trace=%file -o \"$0\" \"$@\" 0<&- 1>&- 2>&-", trace},
      dry_run_of(root.path()));
  const std::string calls = read_all(trace);
  ASSERT_NE(calls.find("openat2("), std::string::npos);
  std::ifstream in(trace);
  for (std::string line; std::getline(in, line);) {
    const auto result = line.rfind(") = ");
    const bool storage = line.find("openat2(") != std::string::npos ||
                         line.find(root.path().string() + "/docker") != std::string::npos;
    if (result == std::string::npos || !storage || line.find("open") == std::string::npos) continue;
    for (const char* low : {"0", "1", "2"}) EXPECT_NE(line.substr(result + 4), low) << line;
  }
  EXPECT_EQ(ran.status, 1);
}

}  // namespace
}  // namespace regctl
