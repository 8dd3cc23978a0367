// The client's side of TLS: what is trusted, which name the peer must prove, and why a peer was refused.
#pragma once

#include <openssl/ssl.h>

#include <boost/asio/ssl/context.hpp>
#include <string>

#include "codehelper/base/error.hpp"
#include "codehelper/net/http_client.hpp"

namespace codehelper {

/// TLS 1.2 and later. Errors: invalid_input when the CA, the certificate or the key can't be used; the message says
/// which.
Result<boost::asio::ssl::context> make_client_tls_context(const TlsOptions& options);

/// Asks for `host` by name (server name indication) and demands a certificate for it; an address is matched as one.
/// Errors: internal when OpenSSL has no memory.
Result<void> expect_tls_host(SSL* connection, const std::string& host);

/// Why the verification of the peer's certificate failed, in OpenSSL's words and with a way out; empty when it did not.
std::string describe_refused_certificate(const SSL* connection, const std::string& host);

}  // namespace codehelper
