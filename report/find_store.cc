#include "report/find_store.h"

#include <algorithm>

#include "cli/failure.h"
#include "cli/output_file.h"
#include "registry/find_store.h"
#include "report/wording.h"

namespace regctl::report {
namespace {

// What to say of what stands there. REQUIRES: it is no store.
Code code_of(const Found& found) {
  switch (found.standing) {
    case Standing::store:
    case Standing::empty_directory:
    case Standing::nothing_to_follow:
    case Standing::unknown:
      break;
    case Standing::missing:
      return Code::root_missing;
    case Standing::dangling_link:
      return Code::root_dangling_link;
    case Standing::unreadable:
      return Code::root_unreadable;
    case Standing::configuration:
      return Code::root_configuration;
    case Standing::file:
      return Code::root_file;
    case Standing::not_a_directory:
      return Code::root_not_a_directory;
    case Standing::filesystem_root:
      return Code::root_of_filesystem;
    case Standing::behind_link:
      return found.following ? Code::root_link_not_followed : Code::root_behind_link;
    case Standing::beside_store:
      return Code::root_beside_store;
    case Standing::nested:
      return Code::root_nested;
    case Standing::minio:
      return Code::root_minio;
    case Standing::oci_layout:
      return Code::root_oci_layout;
    case Standing::version_1:
      return Code::root_version_1;
    case Standing::docker_engine:
      return Code::root_docker_engine;
    case Standing::containerd:
      return Code::root_containerd;
    case Standing::nexus:
      return Code::root_nexus;
    case Standing::zot:
      return Code::root_zot;
  }
  return Code::root_unknown;
}

}  // namespace

StoreFacts find_store(const std::string& path, const std::vector<std::string>& follow,
                      const std::string& command) {
  const Found found = regctl::find_store(path, follow);
  if (found.standing == Standing::nothing_to_follow)
    throw cli::UsageError("--follow " + found.where + ": no symbolic link below " + path,
                          "name it relative to ROOT, as messages do");
  if (found.standing == Standing::store || found.standing == Standing::empty_directory)
    return found.facts;
  fail(cli::ExitStatus::wrong_root,
       {.code = code_of(found),
        .arguments = {found.path, found.where, command, SystemReason{found.error},
                      reason_of(found.following.value_or(Following::followed))}});
}

void refuse_below(const StoreFacts& store, const std::string& file) {
  std::vector<std::string> tops;  // each of which may be mounted somewhere else
  if (!store.top.empty())
    for (const char* below : {"", "/docker", "/docker/registry"}) tops.push_back(store.top + below);
  if (!store.v2.empty())
    for (const char* below : {"", "/blobs", "/blobs/sha256", "/repositories"})
      tops.push_back(store.v2 + below);
  for (const LinkBelow& link : store.links) {
    if (link.is_followed()) tops.push_back(link.target);
  }
  if (std::ranges::any_of(tops, [&](const auto& top) { return cli::is_below(file, top); }))
    throw cli::UsageError(file + " lies in the registry's storage", "write it somewhere else");
}

Message of_empty_directory(const StoreFacts& store) {
  return {.code = Code::empty_root, .arguments = {store.path}};
}

Message of_unread_store(const StorageError& error) {
  return {.code = Code::unread_store, .arguments = {error.key(), reason_of(error)}};
}

}  // namespace regctl::report
