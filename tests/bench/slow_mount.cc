// bench_slow_mount DIRECTORY MILLISECONDS COUNT ...: a FUSE file system that shows DIRECTORY, to be
// read only, where each look at a name, listing, opening and reading takes MILLISECONDS, as over a
// network. How many there were is written into the file COUNT when it ends. The other words go to
// libfuse.
#include <atomic>
#include <chrono>
#include <fstream>
#include <string>
#include <thread>

#include "tests/support/fuse_mirror.h"

namespace {

namespace mirror = regctl::test::mirror;

std::chrono::milliseconds delay;
std::atomic<unsigned long> operations = 0;

// answer(arguments...), after a while.
template <auto answer, class... Arguments>
int late(Arguments... arguments) {
  ++operations;
  std::this_thread::sleep_for(delay);
  return answer(arguments...);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  mirror::top = argv[1];
  delay = std::chrono::milliseconds(std::stoi(argv[2]));
  const std::string count = argv[3];
  argv[3] = argv[0];
  fuse_operations shown{};
  shown.getattr = late<mirror::get_attributes>;
  shown.readdir = late<mirror::list>;
  shown.open = late<mirror::open_file>;
  shown.read = late<mirror::read_file>;
  shown.release = mirror::release;
  const int status = fuse_main(argc - 3, argv + 3, &shown, nullptr);
  std::ofstream(count) << operations << '\n';
  return status;
}
