// The store that was given as ROOT, or exit status 10 and what stands there instead.
#pragma once

#include <string>
#include <vector>

#include "registry/error.h"
#include "registry/store_facts.h"
#include "report/message.h"

namespace regctl::report {

// The store, or the empty directory, at `path`; `follow` as for regctl::find_store(). Throws
// cli::UsageError where nothing stands at one of these, and cli::Failure where it is no store;
// `command` begins the commands that its hints suggest: a program with the options that it cannot
// do without.
StoreFacts find_store(const std::string& path, const std::vector<std::string>& follow,
                      const std::string& command);

// Throws cli::UsageError where `file`, which may be empty, would lie in the store.
void refuse_below(const StoreFacts& store, const std::string& file);

// What both programs say of a store that is an empty directory, and of one whose top directory
// could not be opened.
Message of_empty_directory(const StoreFacts& store);
Message of_unread_store(const StorageError& error);

}  // namespace regctl::report
