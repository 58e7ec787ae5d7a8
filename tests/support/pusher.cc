#include "tests/support/pusher.h"

#include <nlohmann/json.hpp>

#include "registry/hasher.h"
#include "tests/support/registry_builder.h"

namespace regctl::test {

LocalImage local_image(const std::vector<std::string>& layers, const std::string& config) {
  std::vector<std::pair<Digest, std::uint64_t>> descriptors;
  for (const std::string& layer : layers) descriptors.emplace_back(digest_of(layer), layer.size());
  const std::string json =
      RegistryBuilder::image_json(digest_of(config), config.size(), descriptors);
  LocalImage image{
      .blobs = layers, .json = json, .media_type = kOciManifest, .digest = digest_of(json)};
  image.blobs.push_back(config);
  return image;
}

LocalImage local_index(const std::vector<LocalImage>& children) {
  std::vector<Digest> digests;
  std::vector<std::uint64_t> sizes;
  for (const LocalImage& child : children) {
    digests.push_back(child.digest);
    sizes.push_back(child.json.size());
  }
  const std::string json = RegistryBuilder::index_json(digests, sizes);
  return {.json = json, .media_type = kOciIndex, .digest = digest_of(json)};
}

Reply Client::request(const std::string& method, const std::string& target, const std::string& body,
                      const std::string& type) {
  const int port = port_;
  if (!http_ || connected_to_ != port) http_.emplace(connected_to_ = port);
  try {
    return http_->request(method, target, body, type);
  } catch (const std::exception&) {
    http_.reset();
    cut_off_ = true;
    return {};
  }
}

bool Client::has_blob(const std::string& repository, const Digest& digest) {
  return request("HEAD", "/v2/" + repository + "/blobs/" + digest.text()).status == 200;
}

bool Client::upload(const std::string& repository, const std::string& bytes,
                    const std::string& location) {
  const auto path = location.find("/v2/" + repository);
  if (path == std::string::npos) return false;
  return request("PUT", location.substr(path) + "&digest=" + digest_of(bytes).text(), bytes,
                 "application/octet-stream")
             .status == 201;
}

bool Client::push_blob(const std::string& repository, const std::string& bytes,
                       const std::string& from) {
  const std::string digest = digest_of(bytes).text();
  if (has_blob(repository, digest_of(bytes))) return true;
  const std::string mount =
      from.empty() || from == repository ? "" : "?mount=" + digest + "&from=" + from;
  Reply opened = request("POST", "/v2/" + repository + "/blobs/uploads/" + mount);
  if (opened.status == 201) {
    ++mounted_;
    return true;
  }
  return opened.status == 202 && upload(repository, bytes, opened.headers["location"]);
}

bool Client::push_blobs(const std::string& repository, const LocalImage& image,
                        const std::string& from) {
  for (const std::string& bytes : image.blobs) {
    if (!push_blob(repository, bytes, from)) return false;
  }
  return true;
}

Reply Client::put_manifest(const std::string& repository, const std::string& reference,
                           const LocalImage& image) {
  return request("PUT", "/v2/" + repository + "/manifests/" + reference, image.json,
                 image.media_type);
}

std::string Client::lacks(const std::string& repository, const std::string& reference) {
  const auto answer = request("GET", "/v2/" + repository + "/manifests/" + reference);
  if (answer.status != 200)
    return "manifest " + reference + " (" + std::to_string(answer.status) + ")";
  if (reference.starts_with("sha256:") && digest_of(answer.body).text() != reference)
    return "the bytes of " + reference;
  const auto json = nlohmann::json::parse(answer.body, nullptr, false);
  if (!json.is_object()) return "the JSON of " + reference;
  if (json.contains("manifests")) {
    for (const auto& child : json["manifests"]) {
      if (auto missing = lacks(repository, child["digest"].get<std::string>()); !missing.empty())
        return missing;
    }
    return {};
  }
  auto blobs = json["layers"];
  blobs.push_back(json["config"]);
  for (const auto& blob : blobs) {
    const std::string digest = blob["digest"].get<std::string>();
    const auto bytes = request("GET", "/v2/" + repository + "/blobs/" + digest);
    if (bytes.status != 200) return "blob " + digest + " (" + std::to_string(bytes.status) + ")";
    if (digest_of(bytes.body).text() != digest) return "the bytes of " + digest;
  }
  return {};
}

}  // namespace regctl::test
