// The JSON schemas in docs/, and what a validator of others (Debian's python3-jsonschema, which
// knows draft 2020-12 with all its references) says of documents by them.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace regctl::test {

// Of the reports that `program` writes, "regctl-gc" or the path of one.
std::filesystem::path report_schema(const std::filesystem::path& program);

// By document what `schema`, a file, has against it, a line for each fault; "" where it is valid.
// A schema that its own metaschema refuses has that against every document.
std::vector<std::string> objections(const std::filesystem::path& schema,
                                    const std::vector<std::string>& documents);

// What `program`'s schema has against one report of it.
std::string objection_to(const std::filesystem::path& program, const std::string& report);

}  // namespace regctl::test
