// Clients of a registry that push and pull as docker does, over HTTP.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "registry/digest.h"
#include "tests/support/program.h"

namespace regctl::test {

// An image as it lies on the client's disk.
struct LocalImage {
  std::vector<std::string> blobs;  // layers, then the configuration
  std::string json, media_type;
  Digest digest;
};
LocalImage local_image(const std::vector<std::string>& layers, const std::string& config);
LocalImage local_index(const std::vector<LocalImage>& children);

// A connection that is made anew after every failure, to a registry that may be restarted on
// another port.
class Client {
 public:
  explicit Client(const std::atomic<int>& port) : port_(port) {}
  // Status 0: no answer came, and was_cut_off() says so from then on, once.
  Reply request(const std::string& method, const std::string& target, const std::string& body = "",
                const std::string& type = "");

  bool was_cut_off() { return std::exchange(cut_off_, false); }
  int mounted() const { return mounted_; }  // blobs that the registry took from another repository

  bool has_blob(const std::string& repository, const Digest& digest);
  // HEAD first; what is not there is mounted from `from` (unless that is empty), or else uploaded.
  bool push_blob(const std::string& repository, const std::string& bytes,
                 const std::string& from = "");
  bool push_blobs(const std::string& repository, const LocalImage& image,
                  const std::string& from = "");
  Reply put_manifest(const std::string& repository, const std::string& reference,
                     const LocalImage& image);
  // What cannot be pulled of a manifest, its children included; empty: all can be, and hashes
  // right.
  std::string lacks(const std::string& repository, const std::string& reference);

 private:
  bool upload(const std::string& repository, const std::string& bytes, const std::string& location);

  const std::atomic<int>& port_;
  std::optional<Http> http_;
  int connected_to_ = 0;
  bool cut_off_ = false;
  int mounted_ = 0;
};

}  // namespace regctl::test
