#include "registry/image.h"

#include "registry/json_object.h"

namespace regctl {
namespace {

namespace dom = simdjson::dom;

Platform platform_of(dom::object object) {
  return {string_at(object, "os"), string_at(object, "architecture"), string_at(object, "variant")};
}

// Calls visit(element) for what the member `key` lists.
template <class Visit>
void each_in(dom::object object, std::string_view key, Visit visit) {
  dom::array array;
  if (object[key].get(array) != simdjson::SUCCESS) return;
  for (const dom::element element : array) visit(element);
}

std::vector<IndexEntry> entries_of(dom::object index) {
  std::vector<IndexEntry> entries;
  each_in(index, "manifests", [&](dom::element element) {
    dom::object descriptor, platform;
    if (element.get(descriptor) != simdjson::SUCCESS) return;
    const auto digest = Digest::parse(string_at(descriptor, "digest"), HexCase::either);
    if (!digest) return;
    entries.push_back({*digest, {}});
    if (descriptor["platform"].get(platform) == simdjson::SUCCESS)
      entries.back().platform = platform_of(platform);
  });
  return entries;
}

HistoryStep step_of(dom::object object) {
  HistoryStep step{.created = string_at(object, "created"),
                   .created_by = string_at(object, "created_by"),
                   .comment = string_at(object, "comment")};
  if (bool empty; object["empty_layer"].get(empty) == simdjson::SUCCESS) step.empty_layer = empty;
  return step;
}

ImageConfig config_of(dom::object object) {
  ImageConfig config{.created = string_at(object, "created"), .platform = platform_of(object)};
  if (dom::object rootfs; object["rootfs"].get(rootfs) == simdjson::SUCCESS) {
    each_in(rootfs, "diff_ids", [&](dom::element element) {
      std::string_view text;
      const bool is_text = element.get(text) == simdjson::SUCCESS;
      config.diff_ids.push_back(is_text ? Digest::parse(text, HexCase::either) : std::nullopt);
    });
  }
  each_in(object, "history", [&](dom::element element) {
    dom::object step;
    config.history.push_back(element.get(step) == simdjson::SUCCESS ? step_of(step)
                                                                    : HistoryStep());
  });
  return config;
}

}  // namespace

std::string Platform::text() const {
  std::string text;
  for (const std::string* part : {&os, &architecture, &variant}) {
    if (part->empty()) continue;
    text += (text.empty() ? "" : "/") + *part;
  }
  return text;
}

Result<std::vector<IndexEntry>> parse_index(std::string_view bytes) {
  return read_json_object(bytes, entries_of);
}

Result<ImageConfig> parse_image_config(std::string_view bytes) {
  return read_json_object(bytes, config_of);
}

}  // namespace regctl
