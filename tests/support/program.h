// Other programs, run to their end, and a registry server that runs meanwhile.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/temporary_directory.h"

// Programs under sanitizers reserve address space by the terabyte and bring their own allocator.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define REGCTL_TEST_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define REGCTL_TEST_SANITIZED 1
#endif
#endif

namespace regctl::test {

struct Ran {
  int status;  // exit status; 128 + N where signal N ended it
  std::string out, err;
};

// argv[0] is looked up in PATH. `environment` is added to ours.
Ran run(const std::vector<std::string>& argv,
        const std::map<std::string, std::string>& environment = {});

// The programs of this build.
std::string regctl_gc();
std::string regctl_audit();
std::string copying_fuse();

std::string read_all(const std::filesystem::path& file);

// Runs `docker-registry garbage-collect` on the store below `root`; no server is needed.
Ran upstream_collect(const std::filesystem::path& root, const std::vector<std::string>& options);

// A program that runs beside the test. Killed, by its own process id, unless it was waited for.
class Program {
 public:
  explicit Program(const std::vector<std::string>& argv,
                   const std::map<std::string, std::string>& environment = {});
  ~Program();
  Ran wait();
  bool has_ended();

  pid_t pid() const { return pid_; }
  std::string err() const { return read_all(work_.path() / "err"); }
  void send(int signal) const;
  // A thread of it is stopped by a signal, or held in a system call by a tracer (strace -D), and
  // not merely passing by.
  bool is_held() const;

 private:
  TemporaryDirectory work_;
  pid_t pid_ = -1;
  int status_ = 0;
};

// Polls until it holds. False: it never did.
bool becomes_true(const std::function<bool()>& condition,
                  std::chrono::seconds within = std::chrono::seconds(20));

// What Debian's registry is told besides where the store is. Deletes are enabled.
struct Orders {
  std::string storage;  // more of its `storage` map, as in ", cache: {blobdescriptor: inmemory}"
  std::string more;     // further lines of the configuration
  std::map<std::string, std::string> environment;
  std::vector<std::string> wrapper;  // strace -D ...
};

inline const Orders kInmemory{.storage = ", cache: {blobdescriptor: inmemory}"};

// Debian's registry on 127.0.0.1, on a port that was free, over the store below `root`.
class DockerRegistry {
 public:
  explicit DockerRegistry(const std::filesystem::path& root, const Orders& orders = {});
  ~DockerRegistry() { stop(); }
  void stop();

  int port() const { return port_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  const Program& program() const { return *program_; }
  std::filesystem::path configuration() const { return work_.path() / "config.yml"; }

 private:
  TemporaryDirectory work_;
  std::unique_ptr<Program> program_;
  int port_ = 0;
};

struct Reply {
  int status = 0;
  std::string body;
  std::map<std::string, std::string> headers;  // names in lower case
};

// One kept-alive HTTP/1.1 connection to 127.0.0.1.
class Http {
 public:
  explicit Http(int port) : port_(port) {}
  ~Http();
  Reply request(const std::string& method, const std::string& target, const std::string& body = "",
                const std::string& content_type = "");

 private:
  void connect();
  std::string read_more();
  int port_, socket_ = -1;
  std::string received_;
};

// Pushes bytes as a blob (by `digest` of any algorithm), and a manifest. Throw std::runtime_error
// unless accepted.
void push_blob(Http& http, const std::string& repository, const std::string& bytes,
               const std::string& digest);
void push_manifest(Http& http, const std::string& repository, const std::string& reference,
                   const std::string& json, const std::string& media_type);

}  // namespace regctl::test
