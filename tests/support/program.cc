#include "tests/support/program.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>
#include <utility>

namespace regctl::test {
namespace {

int exit_status(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int wait_for(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) throw std::runtime_error("waitpid failed");
  }
  return exit_status(status);
}

pid_t start(const std::vector<std::string>& argv,
            const std::map<std::string, std::string>& environment, const std::filesystem::path& out,
            const std::filesystem::path& err) {
  std::vector<char*> words;
  for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  const pid_t pid = fork();
  if (pid < 0) throw std::runtime_error("fork failed");
  if (pid > 0) return pid;
  const int null = open("/dev/null", O_RDONLY),
            o = open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600),
            e = open(err.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  dup2(null, 0);
  dup2(o, 1);
  dup2(e, 2);
  // Two tracers cannot share a program: LeakSanitizer, where it is built in, would fail it.
  const auto traces = [](const std::string& word) {
    return word.find("strace") != std::string::npos;
  };
  if (std::any_of(argv.begin(), argv.end(), traces)) setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
  for (const auto& [name, value] : environment) setenv(name.c_str(), value.c_str(), 1);
  execvp(words[0], words.data());
  _exit(127);
}

std::filesystem::path beside_this_program(const char* name) {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path() / name;
}

void write_config(const std::filesystem::path& file, const std::filesystem::path& root,
                  const Orders& orders = {}) {
  std::ofstream(file) << "version: 0.1\nlog: {level: info}\nstorage: {filesystem: {rootdirectory: "
                      << root.string() << "}, delete: {enabled: true}" << orders.storage
                      << "}\nhttp: {addr: \"127.0.0.1:0\"}\n"
                      << orders.more;
}

bool is_stopped(const std::filesystem::path& thread) {
  const std::string stat = read_all(thread / "stat");
  const auto name_ends = stat.rfind(") ");
  return name_ends != std::string::npos &&
         (stat[name_ends + 2] == 'T' || stat[name_ends + 2] == 't');
}

}  // namespace

std::string read_all(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

Ran run(const std::vector<std::string>& argv,
        const std::map<std::string, std::string>& environment) {
  const TemporaryDirectory work;
  const auto out = work.path() / "out", err = work.path() / "err";
  const int status = wait_for(start(argv, environment, out, err));
  return {status, read_all(out), read_all(err)};
}

std::string regctl_gc() { return beside_this_program("regctl-gc"); }
std::string regctl_audit() { return beside_this_program("regctl-audit"); }
std::string copying_fuse() { return beside_this_program("copying_fuse"); }

Ran upstream_collect(const std::filesystem::path& root, const std::vector<std::string>& options) {
  const TemporaryDirectory work;
  const auto config = work.path() / "config.yml";
  write_config(config, root);
  std::vector<std::string> argv = {"docker-registry", "garbage-collect"};
  argv.insert(argv.end(), options.begin(), options.end());
  argv.push_back(config);
  return run(argv);
}

Program::Program(const std::vector<std::string>& argv,
                 const std::map<std::string, std::string>& environment)
    : pid_(start(argv, environment, work_.path() / "out", work_.path() / "err")) {}

Program::~Program() {
  if (pid_ < 0) return;
  kill(pid_, SIGKILL);
  wait_for(pid_);
}

Ran Program::wait() {
  if (pid_ >= 0) status_ = wait_for(std::exchange(pid_, -1));
  return {status_, read_all(work_.path() / "out"), err()};
}

bool Program::has_ended() {
  int status;
  if (pid_ < 0) return true;
  if (waitpid(pid_, &status, WNOHANG) != pid_) return false;
  pid_ = -1;
  status_ = exit_status(status);
  return true;
}

void Program::send(int signal) const {
  if (pid_ >= 0) kill(pid_, signal);
}

bool Program::is_held() const {
  std::error_code gone;
  for (const auto& thread :
       std::filesystem::directory_iterator("/proc/" + std::to_string(pid_) + "/task", gone)) {
    int milliseconds = 0;
    while (milliseconds < 50 && is_stopped(thread.path())) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      ++milliseconds;
    }
    if (milliseconds == 50) return true;
  }
  return false;
}

bool becomes_true(const std::function<bool()>& condition, std::chrono::seconds within) {
  const auto deadline = std::chrono::steady_clock::now() + within;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

DockerRegistry::DockerRegistry(const std::filesystem::path& root, const Orders& orders) {
  write_config(configuration(), root, orders);
  std::vector<std::string> argv = orders.wrapper;
  argv.insert(argv.end(), {"docker-registry", "serve", configuration()});
  program_ = std::make_unique<Program>(argv, orders.environment);
  static constexpr std::string_view kListening = "listening on 127.0.0.1:";
  while (port_ == 0) {
    if (program_->has_ended())
      throw std::runtime_error("docker-registry ended: " + program_->err());
    const std::string text = program_->err();
    const auto at = text.find(kListening);
    if (at == std::string::npos) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      continue;
    }
    const std::string rest = text.substr(at + kListening.size());
    const auto end = rest.find_first_not_of("0123456789");
    if (end != std::string::npos) port_ = std::stoi(rest.substr(0, end));
  }
}

void DockerRegistry::stop() {
  if (!program_) return;
  program_->send(SIGCONT);
  program_->send(SIGTERM);
  program_->wait();
  program_.reset();
}

Http::~Http() {
  if (socket_ >= 0) close(socket_);
}

void Http::connect() {
  socket_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port_));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    close(std::exchange(socket_, -1));
    throw std::runtime_error("cannot connect to port " + std::to_string(port_));
  }
  received_.clear();
}

std::string Http::read_more() {
  std::string buffer(65536, '\0');
  const ssize_t got = recv(socket_, buffer.data(), buffer.size(), 0);
  buffer.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return buffer;
}

Reply Http::request(const std::string& method, const std::string& target, const std::string& body,
                    const std::string& content_type) {
  if (socket_ < 0) connect();
  std::string text =
      method + ' ' + target + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port_) + "\r\n";
  if (!content_type.empty()) text += "Content-Type: " + content_type + "\r\n";
  if (method == "GET") {  // a registry has no manifest for who does not name its type
    for (const char* type :
         {"oci.image.manifest.v1", "oci.image.index.v1", "docker.distribution.manifest.v2",
          "docker.distribution.manifest.list.v2"})
      text += std::string("Accept: application/vnd.") + type + "+json\r\n";
  }
  text += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  for (std::size_t sent = 0; sent < text.size();) {
    const ssize_t done = send(socket_, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
    if (done <= 0) throw std::runtime_error("the registry closed the connection");
    sent += static_cast<std::size_t>(done);
  }
  std::size_t end;
  while ((end = received_.find("\r\n\r\n")) == std::string::npos) {
    const std::string more = read_more();
    if (more.empty()) throw std::runtime_error("no answer to " + method + ' ' + target);
    received_ += more;
  }
  Reply answer{.status = std::stoi(received_.substr(9, 3))};
  std::size_t length = 0;
  bool until_close = true;
  for (std::size_t at = received_.find("\r\n") + 2; at < end;) {
    const std::size_t stop = received_.find("\r\n", at);
    const std::string line = received_.substr(at, stop - at);
    at = stop + 2;
    const auto colon = line.find(':');
    std::string name = line.substr(0, colon);
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    answer.headers[name] = line.substr(std::min(line.size(), colon + 2));
  }
  received_.erase(0, end + 4);
  const bool has_body = method != "HEAD" && answer.status != 204 && answer.status != 304;
  if (const auto header = answer.headers.find("content-length"); header != answer.headers.end()) {
    length = std::stoul(header->second);
    until_close = false;
  }
  if (!has_body) return answer;
  while (until_close || received_.size() < length) {
    const std::string more = read_more();
    if (more.empty()) break;
    received_ += more;
  }
  if (until_close) length = received_.size();
  answer.body = received_.substr(0, length);
  received_.erase(0, length);
  if (until_close || answer.headers["connection"] == "close") {
    close(socket_);
    socket_ = -1;
  }
  return answer;
}

void push_blob(Http& http, const std::string& repository, const std::string& bytes,
               const std::string& digest) {
  const Reply opened = http.request("POST", "/v2/" + repository + "/blobs/uploads/");
  std::string location = opened.headers.contains("location") ? opened.headers.at("location") : "";
  location = location.substr(std::min(location.size(), location.find("/v2/")));
  const Reply done =
      http.request("PUT", location + "&digest=" + digest, bytes, "application/octet-stream");
  if (done.status != 201)
    throw std::runtime_error("blob refused: " + std::to_string(done.status) + ' ' + done.body);
}

void push_manifest(Http& http, const std::string& repository, const std::string& reference,
                   const std::string& json, const std::string& media_type) {
  const Reply done =
      http.request("PUT", "/v2/" + repository + "/manifests/" + reference, json, media_type);
  if (done.status != 201)
    throw std::runtime_error("manifest refused: " + std::to_string(done.status) + ' ' + done.body);
}

}  // namespace regctl::test
