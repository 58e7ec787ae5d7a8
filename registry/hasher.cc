#include "registry/hasher.h"

#include <openssl/evp.h>

#include <array>

#include "registry/error.h"

namespace regctl {
namespace {

void check(int ok) {
  if (ok != 1) throw Error("OpenSSL cannot compute a digest");
}

// Fetched once: a fetch by name costs more than hashing a small manifest.
const EVP_MD* method_of(Algorithm algorithm) {
  static const std::array<const EVP_MD*, 3> methods = {EVP_MD_fetch(nullptr, "SHA256", nullptr),
                                                       EVP_MD_fetch(nullptr, "SHA384", nullptr),
                                                       EVP_MD_fetch(nullptr, "SHA512", nullptr)};
  return methods[static_cast<std::size_t>(algorithm)];
}

}  // namespace

struct Hasher::State {
  Algorithm algorithm;
  std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context{EVP_MD_CTX_new(), EVP_MD_CTX_free};

  void start() { check(EVP_DigestInit_ex2(context.get(), method_of(algorithm), nullptr)); }
};

Hasher::Hasher(Algorithm algorithm) : state_(new State{algorithm}) { state_->start(); }
Hasher::~Hasher() = default;

void Hasher::update(std::string_view bytes) {
  check(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()));
}

Digest Hasher::finish() {
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> hash;
  check(EVP_DigestFinal_ex(state_->context.get(), hash.data(), nullptr));
  state_->start();
  return Digest(state_->algorithm, hash);
}

Digest digest_of(std::string_view bytes, Algorithm algorithm) {
  thread_local std::array<std::unique_ptr<Hasher>, kAlgorithms.size()> hashers;
  auto& hasher = hashers[static_cast<std::size_t>(algorithm)];
  if (!hasher) hasher = std::make_unique<Hasher>(algorithm);
  hasher->update(bytes);
  return hasher->finish();
}

}  // namespace regctl
