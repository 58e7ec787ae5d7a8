// Other programs, run to their end, and a registry server that runs meanwhile.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/temporary_directory.h"

namespace regctl::test {

struct Ran {
  int status;  // exit status; 128 + N where signal N ended it
  std::string out, err;
};

// argv[0] is looked up in PATH. `environment` is added to ours.
Ran run(const std::vector<std::string>& argv, const std::map<std::string, std::string>& environment = {});

// A program that runs beside the test; killed at the end of the scope if it still runs.
class Running {
 public:
  explicit Running(const std::vector<std::string>& argv);
  ~Running();
  Running(const Running&) = delete;

  pid_t pid() const { return pid_; }
  void signal(int number) const;
  bool has_ended();   // does not wait
  Ran wait();         // until it ends
  // What it has said so far.
  std::string err() const;

 private:
  TemporaryDirectory work_;
  pid_t pid_;
  std::optional<int> status_;
};

// Polls until condition(), for half a minute at the most; false: in vain.
bool eventually(const std::function<bool()>& condition);

// The programs of this build.
std::string regctl_gc();
std::string regctl_audit();

std::string read_all(const std::filesystem::path& file);

// Runs `docker-registry garbage-collect` on the store below `root`; no server is needed.
Ran upstream_collect(const std::filesystem::path& root, const std::vector<std::string>& options);

// Debian's registry on 127.0.0.1, on a port that was free, over the store below `root`. Deletes are enabled, there is
// no cache. Stopped by its own process id.
class DockerRegistry {
 public:
  explicit DockerRegistry(const std::filesystem::path& root);
  ~DockerRegistry() { stop(); }
  void stop();

  int port() const { return port_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  TemporaryDirectory work_;
  pid_t pid_ = -1;
  int port_ = 0;
};

struct Answer {
  int status = 0;
  std::string body;
  std::map<std::string, std::string> headers;  // names in lower case
};

// One kept-alive HTTP/1.1 connection to 127.0.0.1.
class Http {
 public:
  explicit Http(int port) : port_(port) {}
  ~Http();
  Answer request(const std::string& method, const std::string& target, const std::string& body = "",
                 const std::string& content_type = "");

 private:
  void connect();
  std::string read_more();
  int port_, socket_ = -1;
  std::string received_;
};

// Pushes bytes as a blob (by `digest` of any algorithm), and a manifest. Throw std::runtime_error unless accepted.
void push_blob(Http& http, const std::string& repository, const std::string& bytes, const std::string& digest);
void push_manifest(Http& http, const std::string& repository, const std::string& reference, const std::string& json,
                   const std::string& media_type);

}  // namespace regctl::test
