// broadside/tls - how servers prove who they are.
#pragma once

#include <string>

namespace broadside {

/// Certificates are verified against the system's roots and the host name, unless a host says otherwise.
struct tls_options {
  std::string ca_file{};      ///< PEM file of roots used instead of the system's; empty: the system's
  std::string server_name{};  ///< name to present and to verify; empty: the URL's host
  /// False accepts any certificate: only for a test server. Printed as a warning by tools.
  bool verify = true;
};

}  // namespace broadside
