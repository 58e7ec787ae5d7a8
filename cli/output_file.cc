#include "cli/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/filesystem.hpp>
#include <boost/filesystem/fstream.hpp>
#include <iostream>
#include <iterator>
#include <stdexcept>

#include "cli/program.h"

namespace regctl::cli {

namespace {

// Throws std::runtime_error.
void write_to(const boost::filesystem::path& file, const Text& text, const std::string& name) {
  boost::filesystem::ofstream out(file, std::ios::binary);
  text([&](std::string_view some) {
    out.write(some.data(), static_cast<std::streamsize>(some.size()));
    if (!out) throw std::runtime_error("cannot write " + name);
  });
  out.close();
  if (!out) throw std::runtime_error("cannot write " + name);
}

}  // namespace

void write_file(const std::string& path, const Text& text) {
  namespace fs = boost::filesystem;
  if (path == "-") {
    if (!print_report(text)) throw std::runtime_error("cannot write to standard output");
    return;
  }
  const fs::path target(path);
  boost::system::error_code unknown;
  const fs::file_status status = fs::status(target, unknown);
  if (fs::is_other(status)) {  // /dev/stdout, a pipe: renaming over it would take it from everybody
    write_to(target, text, path);
    return;
  }
  const fs::path temporary = target.parent_path() / fs::unique_path(".%%%%-%%%%-%%%%.tmp");
  try {
    write_to(temporary, text, path);
    const int fd = open(temporary.c_str(), O_RDONLY | O_CLOEXEC);
    const bool synced = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) close(fd);
    if (!synced) throw std::runtime_error("cannot write " + path + " to the disk");
    fs::rename(temporary, target);
  } catch (const fs::filesystem_error& error) {
    boost::system::error_code ignored;
    fs::remove(temporary, ignored);
    throw std::runtime_error("cannot write " + path + ": " + error.code().message());
  } catch (...) {
    boost::system::error_code ignored;
    fs::remove(temporary, ignored);
    throw;
  }
}

bool is_below(const std::string& path, const std::string& directory) {
  namespace fs = boost::filesystem;
  constexpr int kMostLinks = 40;  // that a kernel follows
  if (path.empty() || directory.empty()) return false;
  boost::system::error_code unknown;
  fs::path file = fs::absolute(path);
  // A link that leads to nothing does not hide where a file would be made.
  for (int links = 0; links < kMostLinks && fs::is_symlink(fs::symlink_status(file, unknown));
       ++links)
    file = fs::absolute(fs::read_symlink(file, unknown), file.parent_path());
  const fs::path real = fs::weakly_canonical(file, unknown);
  if (unknown) return false;
  // By what they are and not by name: a tree may be mounted a second time.
  for (fs::path above = real; !above.empty(); above = above.parent_path()) {
    if (is_same_directory(above.string(), directory)) return true;
  }
  return false;
}

bool is_same_directory(const std::string& path, const std::string& other) {
  boost::system::error_code unknown;
  return boost::filesystem::equivalent(path, other, unknown);
}

Written when_written(const std::string& path) {
  struct statx st;
  if (statx(AT_FDCWD, path.c_str(), 0, STATX_MTIME | STATX_BTIME, &st) != 0)
    throw std::runtime_error("cannot read " + path);
  const auto time_of = [](const statx_timestamp& time) {
    return std::chrono::sys_time<std::chrono::nanoseconds>(std::chrono::seconds(time.tv_sec) +
                                                           std::chrono::nanoseconds(time.tv_nsec));
  };
  const auto ended = time_of(st.stx_mtime);
  const bool is_original = st.stx_mask & STATX_BTIME && time_of(st.stx_btime) <= ended;
  return {is_original ? time_of(st.stx_btime) : ended - kLongestWriting, ended};
}

std::string read_file(const std::string& path) {
  boost::filesystem::ifstream file;
  if (path != "-") file.open(path, std::ios::binary);
  std::istream& in = path == "-" ? std::cin : file;
  try {
    if (in) {
      std::string text{std::istreambuf_iterator<char>(in), {}};
      if (!in.bad()) return text;
    }
  } catch (const std::ios_base::failure&) {  // of the buffer: the stream does not notice
  }
  throw std::runtime_error("cannot read " + path);
}

}  // namespace regctl::cli
