// second_opinion() as tests ask for it, and plans as the question to ask.
#pragma once

#include <map>

#include "gc/disputes.h"
#include "tests/support/looking.h"

namespace regctl::test {

using Objections = std::map<std::string, std::string>;  // what -> why

// How the tests call what is objected to, and why.
inline std::string name_of(const gc::Target& target) {
  using Kind = gc::Target::Kind;
  if (target.kind == Kind::repository) return "repository " + target.repository;
  if (target.kind == Kind::tag)
    return (target.in_quarantine ? "quarantined tag " : "tag ") + target.tag + " of " +
           target.repository;
  const std::string what = target.kind == Kind::blob         ? "blob "
                           : target.kind == Kind::layer_link ? "layer link "
                                                             : "revision ",
                    where = target.kind == Kind::blob ? "" : " of " + target.repository;
  return (target.in_quarantine ? "quarantined " : "") + what + target.digest->text() + where;
}

inline std::string name_of(const gc::Cause& cause) {
  using enum gc::Ground;
  const std::string &app = cause.repository, which = cause.digest ? cause.digest->text() : "";
  switch (cause.ground) {
    case listed:
      return "--roots names it";
    case tag:
      return app + ":" + cause.tag + " needs it";
    case dangling_tag:
      return "a tag of " + app + " that points to nothing there needed it once";
    case unreadable_tag:
      return app + ":" + cause.tag + " needed it once, and its link does not tell";
    case referrer:
      return app + " keeps its subject";
    case begun:
      return app + " may be getting it now";
    case in_doubt:
      return app + " is in doubt: " + (which.empty() ? cause.place : which);
    case is_protected:
      return app + " is protected";
    case written_again:
      return app + " has written to it again";
    case revision_link:
      return app + " has its revision link";
    case untagged_stay:
      return "untagged manifests are kept";
    case tags_unknown:
      return app + " does not tell its tags";
    case young:
      return "it is young";
    case newer_than_tags:
      return "it is newer than every tag";
    case young_link:
      return "a link to it is young";
    case young_namer:
      return which + " is young and names it";
    case link_since:
      return "a link to it was written since";
    case bytes_there:
      return "the blob it names is there";
    case tags_stay:
      return "tags are kept";
    case in_use:
      return "its manifest can be pulled";
    case has_tags:
      return "it has tags";
    case has_manifests:
      return "it has manifests";
    case holds_young_link:
      return "a link in it is young";
    case needed_alias:
      return "it has another name of a blob that is needed";
    case has_uploads:
      return "it has uploads";
    case young_directory:
      return "a directory in it is young";
  }
  return "";
}

inline Objections opinion(const Storage& storage, const gc::Doomed& doomed,
                          const regctl::Policy& policy = {}, const std::string& run = {}) {
  Objections objections;
  const gc::Circumstances circumstances{policy, kNow, run, std::chrono::milliseconds(0)};
  for (const auto& objection : gc::second_opinion(storage, doomed, circumstances))
    objections.emplace(name_of(objection.what), name_of(objection.why));
  return objections;
}

inline Objections opinion(const RegistryBuilder& registry, const gc::Doomed& doomed,
                          const regctl::Policy& policy = {}, const std::string& run = {}) {
  return opinion(*registry.tree.storage(), doomed, policy, run);
}

inline gc::Doomed doomed_by(const gc::Plan& plan) {
  gc::Doomed doomed = gc::taken_by(plan);
  doomed.in_quarantine = gc::purged_by(plan).in_quarantine;
  return doomed;
}

// What objections to all of it would be called.
inline std::set<std::string> everything_in(const gc::Doomed& doomed) {
  std::set<std::string> names;
  const auto add = [&](const gc::Doomed::Objects& objects, const std::string& where) {
    for (const Digest& blob : objects.blobs) names.insert(where + "blob " + blob.text());
    for (const auto& link : objects.revisions)
      names.insert(where + "revision " + link.digest.text() + " of " + link.repository);
    for (const auto& link : objects.layers)
      names.insert(where + "layer link " + link.digest.text() + " of " + link.repository);
    for (const auto& tag : objects.tags)
      names.insert(where + "tag " + tag.name + " of " + tag.repository);
  };
  add(doomed.in_place, "");
  add(doomed.in_quarantine, "quarantined ");
  for (const std::string& repository : doomed.empty_repositories)
    names.insert("repository " + repository);
  return names;
}

inline std::set<std::string> names_of(const Objections& objections) {
  std::set<std::string> names;
  for (const auto& [what, why] : objections) names.insert(what);
  return names;
}

}  // namespace regctl::test
