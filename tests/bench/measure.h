// What benchmarks share: making files, measuring other programs in turn, and telling what came out,
// a line of JSON each, of which scripts/bench makes tables.
#pragma once

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace regctl::bench {

inline void put(const std::filesystem::path& path, const std::string& bytes) {
  std::filesystem::create_directories(path.parent_path());
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0 || write(fd, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()))
    throw std::filesystem::filesystem_error("cannot write", path, {});
  close(fd);
}

// One that was built beside this benchmark.
inline std::string program(const std::string& name) {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path() / name;
}

struct Figures {
  double wall = 0, cpu = 0;
  long peak_kilobytes = 0;
};

// Of `argv`, without its output. Ends the benchmark if it fails: 0 and 1 are no failures.
inline Figures measure(const std::vector<std::string>& argv) {
  std::vector<char*> words;
  for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  const auto begin = std::chrono::steady_clock::now();
  const pid_t pid = fork();
  if (pid == 0) {
    const int null = open("/dev/null", O_RDWR);
    dup2(null, 1);
    dup2(null, 2);
    execvp(words[0], words.data());
    _exit(127);
  }
  int status;
  rusage usage;
  wait4(pid, &status, 0, &usage);
  if (!WIFEXITED(status) || WEXITSTATUS(status) > 1) {
    std::fprintf(stderr, "bench: %s ended with %d\n", words[0], status);
    std::exit(1);
  }
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return {std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count(),
          seconds(usage.ru_utime) + seconds(usage.ru_stime), usage.ru_maxrss};
}

// Empties the page cache; false where that is not permitted.
inline bool drop_caches() {
  sync();
  std::ofstream out("/proc/sys/vm/drop_caches");
  out << "3" << std::flush;
  return static_cast<bool>(out);
}

// How many system calls `argv` makes; 0: strace cannot tell.
inline long count_calls(const std::vector<std::string>& argv) {
  char counts[] = "/tmp/regctl-calls-XXXXXX";
  const int fd = mkstemp(counts);
  if (fd < 0) return 0;
  close(fd);
  std::vector<std::string> traced = {"strace", "-f", "-qq", "-c", "-U", "calls,name", "-o", counts};
  traced.insert(traced.end(), argv.begin(), argv.end());
  measure(traced);
  std::ifstream in(counts);
  long calls = 0;
  std::string name;
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    long number;
    if (words >> number >> name && name == "total") calls = number;
  }
  std::filesystem::remove(counts);
  return calls;
}

struct Contender {
  std::string name;
  std::vector<std::string> argv;
  bool only_cold = false;
  std::vector<Figures> warm = {}, cold = {};
};

template <class Field>
double median(std::vector<Figures> runs, Field field) {
  std::sort(runs.begin(), runs.end(),
            [&](const Figures& a, const Figures& b) { return field(a) < field(b); });
  return field(runs[runs.size() / 2]);
}

// One line; `calls` 0: they were not counted.
inline void tell(const std::string& on, const std::string& name, const char* cache,
                 const std::vector<Figures>& runs, long calls = 0) {
  if (runs.empty()) return;
  fmt::print(
      R"({{"on":"{}","what":"{}","cache":"{}","runs":{},"seconds":{:.3f},"cpu_seconds":{:.3f},"peak_mebibytes":{:.1f},"calls":{}}})"
      "\n",
      on, name, cache, runs.size(), median(runs, [](const Figures& one) { return one.wall; }),
      median(runs, [](const Figures& one) { return one.cpu; }),
      median(runs,
             [](const Figures& one) { return static_cast<double>(one.peak_kilobytes) / 1024; }),
      calls);
  std::fflush(stdout);
}

// All of them in turn, `rounds` times with a warm cache and `cold_rounds` times with none.
inline void race(const std::string& on, std::vector<Contender> contenders, int rounds,
                 int cold_rounds) {
  for (int round = 0; round <= rounds && rounds > 0; ++round) {
    for (Contender& one : contenders) {
      if (one.only_cold) continue;
      const Figures figures = measure(one.argv);
      if (round > 0) one.warm.push_back(figures);  // the first warms the cache
    }
  }
  for (int round = 0; round < cold_rounds; ++round) {
    for (Contender& one : contenders) {
      if (drop_caches()) one.cold.push_back(measure(one.argv));
    }
  }
  constexpr double kLongest = 10;  // seconds; strace makes minutes of more
  for (const Contender& one : contenders) {
    const bool counts = !one.warm.empty() &&
                        median(one.warm, [](const Figures& run) { return run.wall; }) < kLongest;
    tell(on, one.name, "warm", one.warm, counts ? count_calls(one.argv) : 0);
    tell(on, one.name, "cold", one.cold);
  }
}

}  // namespace regctl::bench
