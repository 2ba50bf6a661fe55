// broadside/tls - how servers prove who they are.
#pragma once

#include <string>

namespace broadside {

/// Certificates are verified against the system's roots and the host name, unless a host says otherwise.
///
/// A new connection of an engine's route resumes a session of an earlier one where the server agrees. Each of a route's
/// shards keeps the eight newest, in memory alone and for that route alone; one of TLS 1.3 is used once. A resumed
/// session's certificate was verified, with these same options, when the session was first made, and is not looked at
/// again while the server takes the session. Early data is never sent.
struct tls_options {
  std::string ca_file{};      ///< PEM file of roots used instead of the system's; empty: the system's
  std::string server_name{};  ///< name to present and to verify; empty: the URL's host
  /// False accepts any certificate: only for a test server. Printed as a warning by tools.
  bool verify = true;
};

}  // namespace broadside
