// testing/certificate - P-256 keys, X.509 v3 (RFC 5280), written as PEM.
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <unistd.h>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <testing/certificate.hpp>
#include <utility>

namespace broadside::testing {
namespace {

template <auto Free>
struct freer {
  template <class T>
  void operator()(T* p) const noexcept {
    Free(p);
  }
};
using key_ptr = std::unique_ptr<EVP_PKEY, freer<EVP_PKEY_free>>;
using certificate_ptr = std::unique_ptr<X509, freer<X509_free>>;
using extension_ptr = std::unique_ptr<X509_EXTENSION, freer<X509_EXTENSION_free>>;
using bio_ptr = std::unique_ptr<BIO, freer<BIO_free>>;

key_ptr make_key() { return key_ptr(EVP_EC_gen("P-256")); }

bool add_extension(X509* to, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, to, nullptr, nullptr, 0);
  const extension_ptr extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value));
  return extension != nullptr && X509_add_ext(to, extension.get(), -1) == 1;
}

/// RFC 5280 §4.1.2.2: a positive serial number, unique for the issuer; every run is an issuer of its own.
bool set_serial(X509* certificate) {
  std::uint64_t serial = 0;
  if (RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) != 1) return false;
  return ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1U | 1U) == 1;
}

/// A certificate without extensions and signature. An empty `issuer` names itself.
certificate_ptr make_unsigned(const char* name, EVP_PKEY* key, X509* issuer, wall_time now) {
  certificate_ptr made(X509_new());
  if (made == nullptr) return nullptr;
  const std::time_t from = std::chrono::system_clock::to_time_t(now - std::chrono::hours(1));
  const std::time_t until = std::chrono::system_clock::to_time_t(now + std::chrono::hours(24 * 30));
  X509_NAME* const subject = X509_get_subject_name(made.get());
  const auto* const text = reinterpret_cast<const unsigned char*>(name);
  const bool good =
      X509_set_version(made.get(), X509_VERSION_3) == 1 && set_serial(made.get()) &&
      ASN1_TIME_set(X509_getm_notBefore(made.get()), from) != nullptr &&
      ASN1_TIME_set(X509_getm_notAfter(made.get()), until) != nullptr &&
      X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, text, -1, -1, 0) == 1 &&
      X509_set_issuer_name(made.get(), issuer == nullptr ? subject : X509_get_subject_name(issuer)) == 1 &&
      X509_set_pubkey(made.get(), key) == 1;
  return good ? std::move(made) : nullptr;
}

certificate_ptr make_authority(EVP_PKEY* key, wall_time now) {
  certificate_ptr made = make_unsigned("Broadside test authority", key, nullptr, now);
  const bool good = made != nullptr &&
                    add_extension(made.get(), made.get(), NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
                    add_extension(made.get(), made.get(), NID_key_usage, "critical,keyCertSign,cRLSign") &&
                    add_extension(made.get(), made.get(), NID_subject_key_identifier, "hash") &&
                    X509_sign(made.get(), key, EVP_sha256()) != 0;
  return good ? std::move(made) : nullptr;
}

certificate_ptr make_server(EVP_PKEY* key, X509* authority, EVP_PKEY* authority_key, wall_time now) {
  certificate_ptr made = make_unsigned("localhost", key, authority, now);
  const bool good =
      made != nullptr && add_extension(made.get(), authority, NID_basic_constraints, "critical,CA:FALSE") &&
      add_extension(made.get(), authority, NID_key_usage, "critical,digitalSignature") &&
      add_extension(made.get(), authority, NID_ext_key_usage, "serverAuth") &&
      add_extension(made.get(), authority, NID_subject_key_identifier, "hash") &&
      add_extension(made.get(), authority, NID_authority_key_identifier, "keyid:always") &&
      add_extension(made.get(), authority, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1,IP:0:0:0:0:0:0:0:1") &&
      X509_sign(made.get(), authority_key, EVP_sha256()) != 0;
  return good ? std::move(made) : nullptr;
}

template <class Write>
std::string pem(Write write) {
  const bio_ptr memory(BIO_new(BIO_s_mem()));
  if (memory == nullptr || write(memory.get()) != 1) return {};
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

failure openssl_failure() {
  std::array<char, 256> text{};
  ERR_error_string_n(ERR_get_error(), text.data(), text.size());
  return {make_error_code(boost::system::errc::io_error), {{"tls", std::string("no certificate: ") + text.data()}}};
}

}  // namespace

result<test_certificates, failure> make_certificates(wall_time now) {
  const key_ptr authority_key = make_key();
  const key_ptr server_key = make_key();
  if (authority_key == nullptr || server_key == nullptr) return openssl_failure();
  const certificate_ptr authority = make_authority(authority_key.get(), now);
  if (authority == nullptr) return openssl_failure();
  const certificate_ptr server = make_server(server_key.get(), authority.get(), authority_key.get(), now);
  if (server == nullptr) return openssl_failure();
  test_certificates made;
  made.authority = pem([&](BIO* out) { return PEM_write_bio_X509(out, authority.get()); });
  made.server = pem([&](BIO* out) { return PEM_write_bio_X509(out, server.get()); });
  made.private_key = pem(
      [&](BIO* out) { return PEM_write_bio_PrivateKey(out, server_key.get(), nullptr, nullptr, 0, nullptr, nullptr); });
  if (made.authority.empty() || made.server.empty() || made.private_key.empty()) return openssl_failure();
  return made;
}

private_file::private_file(private_file&& other) noexcept : path_(std::exchange(other.path_, {})) {}

private_file& private_file::operator=(private_file&& other) noexcept {
  std::swap(path_, other.path_);
  return *this;
}

private_file::~private_file() {
  if (!path_.empty()) ::unlink(path_.c_str());
}

result<private_file> private_file::write(const std::string& text) {
  const auto system_error = [] { return error_code(errno, boost::system::system_category()); };
  std::error_code no_folder;
  std::filesystem::path folder = std::filesystem::temp_directory_path(no_folder);
  if (no_folder) folder = "/tmp";
  private_file made;
  std::string name = (folder / "broadside-simulator-ca-XXXXXX.pem").string();
  const int file = ::mkstemps(name.data(), 4);  // mode 0600
  if (file < 0) return system_error();
  made.path_ = std::move(name);
  std::size_t written = 0;
  while (written < text.size()) {
    const ssize_t n = ::write(file, text.data() + written, text.size() - written);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      const error_code why = system_error();
      ::close(file);
      return why;
    }
    written += static_cast<std::size_t>(n);
  }
  if (::close(file) != 0) return system_error();
  return made;
}

}  // namespace broadside::testing
