#include "registry/storage.h"

namespace regctl {

bool Storage::holds(std::string_view key, std::string_view bytes) const {
  try {
    const auto content = read(key, bytes.size() + 1);
    return content && content->stat.kind == Kind::file && content->bytes == bytes;
  } catch (const StorageError&) {
    return false;
  }
}

}  // namespace regctl
