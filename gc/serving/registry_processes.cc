#include "gc/serving/registry_processes.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <optional>
#include <sstream>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "gc/serving/registry_configuration.h"
#include "registry/beneath.h"

namespace regctl::gc {
namespace {

constexpr std::size_t kLargestFile = 1 << 20;
// The kernel's PROC_PID_INIT_INO: the process namespace that it started with, which sees every
// process.
constexpr std::string_view kInitialNamespace = "pid:[4026531836]";
// Start times are told in hundredths of a second, and so is the time since boot.
constexpr Duration kStartIsKnownTo = std::chrono::milliseconds(20);
// A rename writes into a directory and into what holds it, one after the other.
constexpr Duration kRenameTakes = std::chrono::seconds(1);
constexpr int kMostLinks = 40;  // as the kernel follows them

using beneath::Descriptor;
using beneath::time_of;

template <class T>
struct Answer {
  T value;
  int error = 0;  // errno; 0: none

  bool ok() const { return error == 0; }
  bool is_gone() const { return error == ENOENT || error == ESRCH; }
  bool is_denied() const { return error == EACCES || error == EPERM; }
};

Answer<Descriptor> answer_of(long fd) {
  return {Descriptor(static_cast<int>(fd)), fd < 0 ? errno : 0};
}

Answer<Descriptor> open_at(int directory, const char* name, int flags) {
  return answer_of(openat(directory, name, flags | O_CLOEXEC));
}

Answer<std::string> read_whole(int fd) {
  std::string bytes;
  std::array<char, 8192> buffer;
  for (;;) {
    const ssize_t got = read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return {{}, errno};
    if (got == 0) return {std::move(bytes)};
    bytes.append(buffer.data(), static_cast<std::size_t>(got));
    if (bytes.size() > kLargestFile) return {{}, EFBIG};
  }
}

Answer<std::string> read_at(int directory, const char* name) {
  const auto file = open_at(directory, name, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  return file.ok() ? read_whole(file.value.get()) : Answer<std::string>{{}, file.error};
}

std::string link_at(int directory, const char* name) {
  std::array<char, 4096> target;
  const ssize_t length = readlinkat(directory, name, target.data(), target.size());
  return {target.data(), length < 0 ? 0 : static_cast<std::size_t>(length)};
}

// The end of what was written or moved: a file put in place of another may be old, but has been
// moved since.
Time changed(const struct stat& st) { return std::max(time_of(st.st_mtim), time_of(st.st_ctim)); }

// When the host started: the earlier of what two files of /proc say. The number of seconds in
// `stat` is cut off; `uptime` is finer.
std::optional<Time> boot_time(int proc) {
  std::istringstream stat(read_at(proc, "stat").value);
  std::optional<Time> boot;
  for (std::string line; std::getline(stat, line);) {
    std::int64_t seconds = 0;
    if (line.starts_with("btime ") && std::istringstream(line.substr(6)) >> seconds)
      boot = Time(std::chrono::seconds(seconds));
  }
  if (!boot) return std::nullopt;
  for (int attempt = 0;; ++attempt) {
    const Time before = now();  // a pause behind it makes processes look older, which closes gates
    double up = 0;
    if (!(std::istringstream(read_at(proc, "uptime").value) >> up)) return boot;
    if (now() - before > std::chrono::milliseconds(5) && attempt < 10) continue;
    return std::min(*boot + std::chrono::seconds(1),
                    before - std::chrono::milliseconds(static_cast<std::int64_t>(up * 1000)));
  }
}

// What /proc/PID/stat says: the name of what was executed, and when.
struct Status {
  std::string name;
  Time started;
};

std::optional<Status> parse_status(const std::string& text, Time boot) {
  const auto open = text.find('('), close = text.rfind(')');
  if (open == std::string::npos || close == std::string::npos || close < open) return std::nullopt;
  std::istringstream fields(text.substr(close + 1));
  std::string skipped;
  for (int field = 3; field < 22; ++field) fields >> skipped;
  std::int64_t ticks = 0;
  if (!(fields >> ticks)) return std::nullopt;
  const long per_second = sysconf(_SC_CLK_TCK);
  const Duration after =
      std::chrono::seconds(ticks / per_second) +
      std::chrono::nanoseconds(ticks % per_second * (1'000'000'000 / per_second));
  return Status{text.substr(open + 1, close - open - 1), boot + after};
}

std::vector<std::string> split_words(const std::string& text) {
  std::vector<std::string> words;
  std::istringstream in(text);
  for (std::string word; std::getline(in, word, '\0');) words.push_back(word);
  return words;
}

std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

bool is_called_registry(std::string_view name) {
  return name.find("registry") != std::string_view::npos;
}
bool is_yaml(std::string_view path) { return path.ends_with(".yml") || path.ends_with(".yaml"); }

// What a registry was told to do.
struct Command {
  enum class Verb { serve, collect, none } verb;
  std::string configuration;  // empty: from the environment
};

bool is_dry_run(std::string_view option) {
  if (option.starts_with("--")) return option == "--dry-run" || option == "--dry-run=true";
  return option.starts_with('-') && option.find('d') != std::string_view::npos;
}

// `words` are what follows the program's name. Empty: nothing that touches a storage.
std::optional<Command> understand_words(const std::vector<std::string>& words) {
  std::vector<std::string> operands;
  for (const std::string& word : words) {
    if (!word.starts_with('-')) operands.push_back(word);
  }
  if (operands.empty())
    return words.empty() ? std::optional(Command{Command::Verb::none, ""}) : std::nullopt;
  const std::string configuration = operands.size() > 1 ? operands[1] : "";
  if (operands[0] == "serve") return Command{Command::Verb::serve, configuration};
  if (operands[0] == "garbage-collect") {
    if (std::any_of(words.begin(), words.end(), is_dry_run)) return std::nullopt;
    return Command{Command::Verb::collect, configuration};
  }
  if (is_yaml(operands[0])) return Command{Command::Verb::serve, operands[0]};  // before 2.3
  return std::nullopt;
}

bool is_verb(std::string_view word) { return word == "serve" || word == "garbage-collect"; }

// Empty: no registry. `name` is what the kernel calls the process, whatever its command line says.
std::optional<Command> registry_command(const std::vector<std::string>& line,
                                        const std::string& name) {
  const auto after = [&](std::size_t n) {
    return understand_words({line.begin() + static_cast<std::ptrdiff_t>(n), line.end()});
  };
  const bool kernel_says_so = is_called_registry(name);
  if (is_called_registry(base_name(line[0])) || kernel_says_so) {
    if (auto command = after(1)) return command;
  }
  // Through another program: sudo, tini, an emulator. Which word is the program cannot be told, so
  // each may be. What an emulator of binfmt_misc runs keeps its name for the kernel; only there may
  // a word be a registry without its verb.
  for (std::size_t n = 2; n <= line.size(); ++n) {
    if (!is_called_registry(base_name(line[n - 1])) ||
        !(kernel_says_so || (n < line.size() && is_verb(line[n]))))
      continue;
    if (auto command = after(n)) return command;
  }
  // A registry by another name.
  if (line.size() > 2 && is_verb(line[1])) {
    if (auto command = after(1); command && is_yaml(command->configuration)) return command;
  }
  return std::nullopt;
}

// The files of a process as it sees them itself, from inside its container too.
class Eyes {
 public:
  explicit Eyes(int process)
      : root_(open_at(process, "root", O_PATH | O_DIRECTORY)),
        here_(open_at(process, "cwd", O_PATH | O_DIRECTORY)) {}

  Answer<Descriptor> open(const std::string& path, int flags) const {
    const bool absolute = path.starts_with('/');
    const auto& from = absolute ? root_ : here_;
    if (!from.ok()) return {Descriptor(), from.error};
    open_how how{};
    how.flags = static_cast<std::uint64_t>(flags) | O_CLOEXEC;
    // From a working directory no way out is followed: where ".." and absolute links lead then is
    // not ours to guess.
    how.resolve = RESOLVE_NO_MAGICLINKS | (absolute ? RESOLVE_IN_ROOT : RESOLVE_BENEATH);
    return answer_of(syscall(SYS_openat2, from.value.get(), path.c_str(), &how, sizeof how));
  }

 private:
  Answer<Descriptor> root_, here_;
};

// What is made and removed in a directory changes both of its times; a rename changes one of them,
// and what holds it. So a rename shows until something else is made or removed there.
bool is_renamed(const struct stat& directory, const struct stat& holder) {
  const Time changed = time_of(directory.st_ctim);
  return changed > time_of(directory.st_mtim) && changed - kRenameTakes <= time_of(holder.st_mtim);
}

// When `path` last came to mean another file, as far as that shows: each symbolic link on the way,
// renamed directories, and the end of it.
Answer<Time> way_changed(const Eyes& eyes, const std::string& path) {
  std::string passed, ahead = path;  // no link is in `passed`
  Time newest = Time::min();
  for (int links = 0; !ahead.empty();) {
    const auto slash = ahead.find('/');
    const std::string name = ahead.substr(0, slash),
                      rest = slash == std::string::npos ? "" : ahead.substr(slash + 1);
    std::string target;
    if (!name.empty() && name != "." && name != "..") {
      const auto entry = eyes.open(passed + name, O_PATH | O_NOFOLLOW),
                 holder = eyes.open(passed + ".", O_PATH);
      struct stat st, holder_st;
      if (!entry.ok() || fstat(entry.value.get(), &st) != 0) return {{}, EIO};
      if (!holder.ok() || fstat(holder.value.get(), &holder_st) != 0) return {{}, EIO};
      if (!S_ISDIR(st.st_mode) || is_renamed(st, holder_st)) newest = std::max(newest, changed(st));
      if (S_ISLNK(st.st_mode)) {
        target = link_at(entry.value.get(), "");
        if (target.empty() || ++links > kMostLinks) return {{}, EIO};
        if (target.starts_with('/')) passed.clear();
      }
    }
    if (target.empty()) passed.append(name).append("/");
    ahead = target.empty() ? rest : target.append("/").append(rest);
  }
  return {newest};
}

struct File {
  std::string bytes;
  Time changed;  // it, or the way that leads to it
};

Answer<File> read_file(const Eyes& eyes, const std::string& path) {
  const auto file = eyes.open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!file.ok()) return {{}, file.error};
  const auto way = way_changed(eyes, path);  // after the open: a change between the two shows
  struct stat st;
  if (!way.ok() || fstat(file.value.get(), &st) != 0) return {{}, EIO};
  if (!S_ISREG(st.st_mode)) return {{}, EINVAL};
  auto bytes = read_whole(file.value.get());
  return {{std::move(bytes.value), std::max(changed(st), way.value)}, bytes.error};
}

enum class Same { yes, no, unknown };

// Whether what the process finds at `path` is this directory.
Same is_same(const Eyes& eyes, const std::string& path, std::uint64_t device, std::uint64_t inode) {
  const auto directory = eyes.open(path, O_PATH | O_DIRECTORY);
  if (directory.error == ENOENT || directory.error == ENOTDIR) return Same::no;
  struct stat st;
  if (!directory.ok() || fstat(directory.value.get(), &st) != 0) return Same::unknown;
  return st.st_dev == device && st.st_ino == inode ? Same::yes : Same::no;
}

// The first of the links that are followed behind which the process finds another directory than
// we: in a container, say. `v2`: the directory, as the process names it. Empty: there is none.
std::string followed_elsewhere(const StoreFacts& store, const Eyes& eyes, const std::string& v2) {
  for (const LinkBelow& link : store.links) {
    if (link.is_followed() &&
        is_same(eyes, v2 + '/' + link.key, link.device, link.inode) != Same::yes)
      return link.key;
  }
  return {};
}

// What a process has been told, as far as that can be known now.
struct Orders {
  std::optional<Configuration> configuration;
  Doubt doubt;
};

Orders read_orders(const Eyes& eyes, const std::string& path,
                   const std::vector<std::string>& environment, Time started) {
  using enum Doubt::Why;
  if (path.empty()) return {{}, {no_configuration}};
  const auto file = read_file(eyes, path);
  if (file.is_denied()) return {{}, {configuration_denied, file.error}};
  if (!file.ok()) return {{}, {configuration_unread, file.error}};
  const auto parsed = parse_configuration(file.value.bytes, environment);
  if (const auto* unclear = std::get_if<Unclear>(&parsed))
    return {{}, {configuration_unclear, 0, *unclear}};
  const auto& configuration = std::get<Configuration>(parsed);
  if (file.value.changed > started + kStartIsKnownTo)
    return {configuration, {configuration_changed}};
  return {configuration, {}};
}

std::string variable(const std::vector<std::string>& environment, const std::string& name) {
  for (const std::string& entry : environment) {
    if (entry.starts_with(name + "=")) return entry.substr(name.size() + 1);
  }
  return {};
}

// Empty: it serves another store, or none.
std::optional<RegistryProcess> judge_store(RegistryProcess process, const Orders& orders,
                                           const StoreFacts& store, const Eyes& eyes,
                                           const std::vector<std::string>& environment) {
  process.doubt = orders.doubt;
  if (const auto& read = orders.configuration) {
    process.cache = read->cache;
    process.redis = read->redis;
    process.read_only = read->read_only;
    process.proxy = read->proxy;
  }
  const auto told = root_directory_of(environment);
  const bool believable = told || !orders.doubt;
  const auto directory = told                   ? told
                         : orders.configuration ? orders.configuration->root_directory
                                                : std::nullopt;
  const std::string v2 = directory.value_or("") + "/docker/registry/v2";
  const Same same = directory              ? is_same(eyes, v2, store.device, store.inode)
                    : orders.configuration ? Same::no
                                           : Same::unknown;
  if (same == Same::no && believable) return std::nullopt;
  process.certain = same == Same::yes;
  if (process.certain) process.sees_another = followed_elsewhere(store, eyes, v2);
  if (!process.doubt && same == Same::unknown) process.doubt = {Doubt::Why::storage_unseen};
  return process;
}

// Who may write into a directory, as its owner and mode have it.
struct Door {
  uid_t owner;
  gid_t group;
  mode_t mode;
  bool has_list;  // an access control list, which may let in others as far as the group's bits go
};

// The directories in which a registry makes what it is given: any of them lets it write.
std::vector<Door> doors_of(const StoreFacts& store) {
  std::vector<Door> doors;
  for (const char* below : {"", "/blobs", "/repositories"}) {
    const LinkBelow* link = *below ? store.link(below + 1) : nullptr;
    const std::string path = link && link->is_followed() ? link->target : store.v2 + below;
    struct stat st;
    if (lstat(path.c_str(), &st) != 0 || !S_ISDIR(st.st_mode)) continue;
    const bool has_list = lgetxattr(path.c_str(), "system.posix_acl_access", nullptr, 0) > 0;
    doors.push_back({st.st_uid, st.st_gid, st.st_mode, has_list});
  }
  return doors;
}

// What /proc/PID/status says of a process' rights.
struct Rights {
  std::vector<std::uint64_t> users, groups;  // any that it is or may become without a privilege
  bool privileged = false;                   // it has some capability, or may take it up
};

std::optional<Rights> parse_rights(const std::string& text) {
  Rights rights;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    const auto colon = line.find(':');
    if (colon == std::string::npos) continue;
    const std::string name = line.substr(0, colon);
    std::istringstream values(line.substr(colon + 1));
    if (name == "Uid" || name == "Gid" || name == "Groups") {
      auto& ids = name == "Uid" ? rights.users : rights.groups;
      for (std::uint64_t id; values >> id;) ids.push_back(id);
    } else if (name == "CapPrm") {
      std::uint64_t capabilities = 0;
      if (!(values >> std::hex >> capabilities)) return std::nullopt;
      rights.privileged = capabilities != 0;
    }
  }
  if (rights.users.empty() || rights.groups.empty()) return std::nullopt;
  return rights;
}

// Whether the capabilities of a process whose uid_map or gid_map this is count for `id`. Maps tell
// ids as we see them.
bool is_mapped(const std::string& map, std::uint64_t id) {
  std::istringstream in(map);
  for (std::uint64_t inside, outside, length; in >> inside >> outside >> length;) {
    if (outside <= id && id - outside < length) return true;
  }
  return false;
}

bool lets_in(const Door& door, const Rights& rights) {
  const auto is_one = [](const std::vector<std::uint64_t>& ids, std::uint64_t id) {
    return std::find(ids.begin(), ids.end(), id) != ids.end();
  };
  if (door.mode & S_IWOTH) return true;
  if ((door.mode & S_IWGRP) && (door.has_list || is_one(rights.groups, door.group))) return true;
  return is_one(rights.users, door.owner);  // who could give it to himself
}

// Whether the process could write to the store. What cannot be found out counts as yes.
bool could_write(int process, const std::vector<Door>& doors) {
  const auto status = read_at(process, "status");
  const auto rights = status.ok() ? parse_rights(status.value) : std::nullopt;
  if (!rights || doors.empty()) return true;
  const auto users = read_at(process, "uid_map"), groups = read_at(process, "gid_map");
  return std::any_of(doors.begin(), doors.end(), [&](const Door& door) {
    const bool may_be_mighty = rights->privileged &&
                               (!users.ok() || is_mapped(users.value, door.owner)) &&
                               (!groups.ok() || is_mapped(groups.value, door.group));
    return may_be_mighty || lets_in(door, *rights);
  });
}

class Search {
 public:
  Search(int proc, const StoreFacts& store, Time boot)
      : proc_(proc), store_(store), boot_(boot), doors_(doors_of(store)) {}

  ProcessEvidence found() && { return std::move(evidence_); }

  // Everything goes through one descriptor, so that what is read is of one process even if its
  // number is used again.
  void look_at(int pid) {
    const auto directory = open_at(proc_, std::to_string(pid).c_str(), O_PATH | O_DIRECTORY);
    if (directory.is_gone()) return;
    if (!directory.ok()) return miss({Blindness::Why::process_unread, pid, directory.error});
    const int process = directory.value.get();
    const auto line = read_at(process, "cmdline"), stat = read_at(process, "stat");
    if (line.is_gone() || stat.is_gone() || (line.ok() && line.value.empty()))
      return;  // ended; a thread of the kernel
    if (!line.ok() || !stat.ok())
      return miss({Blindness::Why::process_unread, pid, (line.ok() ? stat : line).error});
    const auto status = parse_status(stat.value, boot_);
    if (!status) return miss({Blindness::Why::process_state_unclear, pid});
    const auto words = split_words(line.value);
    // What could not take a push or remove a blob needs no answer, and is asked nothing more:
    // anybody on this host may call a program registry.
    const auto command = registry_command(words, status->name);
    if (command && could_write(process, doors_)) examine(process, pid, *status, *command);
  }

 private:
  void examine(int process, int pid, const Status& status, const Command& command) {
    const auto environ = read_at(process, "environ");
    if (environ.is_gone()) return;
    const auto environment = split_words(environ.value);
    const Eyes eyes(process);
    const std::string path = command.configuration.empty()
                                 ? variable(environment, "REGISTRY_CONFIGURATION_PATH")
                                 : command.configuration;
    if (command.verb == Command::Verb::none && path.empty()) return;
    const RegistryProcess registry{.pid = pid,
                                   .started = status.started,
                                   .configuration = path,
                                   .collecting = command.verb == Command::Verb::collect};
    Orders orders = read_orders(eyes, path, environment, status.started);
    if (!environ.ok()) orders = {{}, {Doubt::Why::environment_unread, environ.error}};
    auto judged = judge_store(registry, orders, store_, eyes, environment);
    if (judged && !has_ended(process)) evidence_.processes.push_back(std::move(*judged));
  }

  static bool has_ended(int process) {
    const auto line = read_at(process, "cmdline");
    return line.is_gone() || (line.ok() && line.value.empty());
  }

  void miss(const Blindness& blindness) {
    if (!evidence_.blindness) evidence_.blindness = blindness;
  }

  int proc_;
  const StoreFacts& store_;
  Time boot_;
  std::vector<Door> doors_;
  ProcessEvidence evidence_{.blindness = {Blindness::Why::none}};
};

// Ascending. Empty: the list could not be read to its end.
std::optional<std::vector<int>> list_processes(int proc) {
  const int again = openat(proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(again < 0 ? nullptr : fdopendir(again),
                                                      closedir);
  if (!directory) {
    if (again >= 0) close(again);
    return std::nullopt;
  }
  std::vector<int> pids;
  for (errno = 0; const dirent* entry = readdir(directory.get()); errno = 0) {
    const std::string_view name = entry->d_name;
    if (name.size() < 10 && name.find_first_not_of("0123456789") == std::string_view::npos)
      pids.push_back(std::stoi(entry->d_name));
  }
  if (errno != 0) return std::nullopt;
  std::sort(pids.begin(), pids.end());
  return pids;
}

Blindness::Why why_not_all_are_visible(int proc, const std::vector<int>& pids) {
  if (link_at(proc, "self/ns/pid") != kInitialNamespace) return Blindness::Why::other_namespace;
  if (pids.empty() || pids.front() != 1) return Blindness::Why::processes_hidden;
  return Blindness::Why::none;
}

}  // namespace

ProcessEvidence find_registries(const std::string& proc, const StoreFacts& store) {
  const bool local = store.medium.is_local();
  const auto unknown = [&](Blindness::Why why, int error = 0) {
    return ProcessEvidence{.blindness = {why, 0, error, proc}, .local = local};
  };
  const auto directory = open_at(AT_FDCWD, proc.c_str(), O_PATH | O_DIRECTORY);
  if (!directory.ok()) return unknown(Blindness::Why::proc_unread, directory.error);
  const int at = directory.value.get();
  const auto boot = boot_time(at);
  const auto pids = list_processes(at);
  if (!boot || !pids) return unknown(Blindness::Why::proc_unexpected);
  Search search(at, store, *boot);
  for (const int pid : *pids) search.look_at(pid);
  ProcessEvidence evidence = std::move(search).found();
  if (const auto why = why_not_all_are_visible(at, *pids); why != Blindness::Why::none)
    evidence.blindness = {why};
  evidence.local = local;
  return evidence;
}

}  // namespace regctl::gc
