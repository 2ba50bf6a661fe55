// testing/certificate - a certificate authority and a server certificate that live for one test run.
//
// Made with OpenSSL and its entropy. The authority's key is forgotten at once: nothing else can be signed with it.
#pragma once

#include <broadside/environment.hpp>
#include <broadside/result.hpp>
#include <string>

namespace broadside::testing {

/// All in PEM.
struct test_certificates {
  std::string authority;    ///< what a client trusts
  std::string server;       ///< for localhost, 127.0.0.1 and ::1
  std::string private_key;  ///< of the server
};

/// Valid from an hour before `now` for 30 days. Errors: what OpenSSL said, as std::errc::io_error with its text.
[[nodiscard]] result<test_certificates, failure> make_certificates(wall_time now);

/// A file only the owner can read, removed by the destructor. Movable.
class private_file {
 public:
  private_file() = default;
  private_file(private_file&& other) noexcept;
  private_file& operator=(private_file&& other) noexcept;
  ~private_file();

  /// Errors: what the system said.
  [[nodiscard]] static result<private_file> write(const std::string& text);
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;  // empty: none
};

}  // namespace broadside::testing
