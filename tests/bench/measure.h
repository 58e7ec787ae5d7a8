// What benchmarks share: making files, and measuring other programs.
#pragma once

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
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

template <class Field>
double median(std::vector<Figures> runs, Field field) {
  std::sort(runs.begin(), runs.end(),
            [&](const Figures& a, const Figures& b) { return field(a) < field(b); });
  return field(runs[runs.size() / 2]);
}

}  // namespace regctl::bench
