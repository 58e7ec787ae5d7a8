#include "cli/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/filesystem.hpp>
#include <boost/filesystem/fstream.hpp>
#include <iostream>
#include <iterator>
#include <stdexcept>

namespace regctl::cli {

void write_file(const std::string& path, std::string_view text) {
  namespace fs = boost::filesystem;
  const fs::path target(path);
  boost::system::error_code unknown;
  const fs::file_status status = fs::status(target, unknown);
  if (fs::is_other(status)) {  // /dev/stdout, a pipe: renaming over it would take it from everybody
    fs::ofstream out(target, std::ios::binary);
    out.write(text.data(), static_cast<std::streamsize>(text.size()));
    out.close();
    if (!out) throw std::runtime_error("cannot write " + path);
    return;
  }
  const fs::path temporary = target.parent_path() / fs::unique_path(".%%%%-%%%%-%%%%.tmp");
  try {
    fs::ofstream out(temporary, std::ios::binary);
    out.write(text.data(), static_cast<std::streamsize>(text.size()));
    out.close();
    if (!out) throw std::runtime_error("cannot write " + path);
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
  if (path.empty() || directory.empty()) return false;
  boost::system::error_code unknown;
  const fs::path real = fs::weakly_canonical(fs::absolute(path), unknown);
  return !unknown && (real.string() + '/').starts_with(fs::canonical(directory).string() + '/');
}

std::chrono::sys_time<std::chrono::nanoseconds> last_written(const std::string& path) {
  struct stat st;
  if (stat(path.c_str(), &st) != 0) throw std::runtime_error("cannot read " + path);
  return std::chrono::sys_time<std::chrono::nanoseconds>(
      std::chrono::seconds(st.st_mtim.tv_sec) + std::chrono::nanoseconds(st.st_mtim.tv_nsec));
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
