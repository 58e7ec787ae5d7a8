// Hasher: streams bytes to a Digest through OpenSSL's EVP interface.
#pragma once

#include <memory>
#include <string_view>

#include "registry/digest.h"

namespace regctl {

// One thread at a time. Throws Error if OpenSSL fails, which it does only without memory or a
// crippled provider.
class Hasher {
 public:
  explicit Hasher(Algorithm algorithm);
  ~Hasher();
  Hasher(const Hasher&) = delete;
  Hasher& operator=(const Hasher&) = delete;

  void update(std::string_view bytes);
  // The digest of everything since construction or the last call of finish().
  Digest finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The digest of `bytes`. Several threads may call it.
Digest digest_of(std::string_view bytes, Algorithm algorithm = Algorithm::sha256);

}  // namespace regctl
