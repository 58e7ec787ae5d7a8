// Benchmark of size: time and memory of a dry run over stores that no disk need hold, of ten times
// as many blobs each.
//
//   bench_curve REPOSITORIES... [json]
//
// For each a line of JSON: what was there, seconds, and how much memory grew. A process measures
// one: what another has left in the allocator would count.
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>

#include "gc/report.h"
#include "tests/bench/synthetic_storage.h"
#include "tests/support/looking.h"

namespace {

using namespace regctl;
using namespace regctl::bench;

double status_mebibytes(const std::string& name) {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    double kibibytes;
    if (word == name && status >> kibibytes) return kibibytes / 1024;
  }
  return 0;
}

void run(std::uint32_t repositories) {
  const Shape shape{.repositories = repositories};
  const SyntheticStorage storage(shape);
  const double before = status_mebibytes("VmRSS:");
  std::ofstream("/proc/self/clear_refs") << "5";  // the peak starts again
  const auto begin = std::chrono::steady_clock::now();
  test::Look look;
  look.jobs = 16;
  gc::Report report;
  report.findings = look.at(storage);
  std::uint64_t bytes = 0;
  gc::report_json(report)([&](std::string_view some) { bytes += some.size(); });
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  const double grown = status_mebibytes("VmHWM:") - before;
  const double allowed = 64 + (150.0 * static_cast<double>(shape.blobs()) +
                               16.0 * static_cast<double>(shape.references())) /
                                  (1 << 20);
  fmt::print(
      R"({{"blobs":{},"manifests":{},"references":{},"garbage":{},"seconds":{:.2f},"mebibytes":{:.0f},"allowed_mebibytes":{:.0f},"json_bytes":{}}})"
      "\n",
      shape.blobs(), shape.manifests(), shape.references(), report.findings->plan.blobs.size(),
      seconds, grown, allowed, bytes);
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    std::fflush(stdout);
    const pid_t pid = fork();
    if (pid == 0) {
      run(static_cast<std::uint32_t>(std::stoul(argv[i])));
      return 0;
    }
    int status;
    waitpid(pid, &status, 0);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return 1;
  }
}
