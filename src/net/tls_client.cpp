#include "tls_client.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/address.hpp>

#include <fmt/format.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <string_view>

namespace codehelper {

namespace ssl = boost::asio::ssl;

namespace {

std::string_view way_out(long reason) {
  switch (reason) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return "renew it, or set this machine's clock";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "it is for later, or this machine's clock is wrong";
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return "its authority is not trusted here, name it as the CA file";
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return "it is for another host, use a name that it covers";
    default:
      return "nobody trusted here vouches for it";
  }
}

Result<void> trust(ssl::context& context, const TlsOptions& options) {
  boost::system::error_code error;
  if (!options.ca_pem.empty()) {
    context.add_certificate_authority(boost::asio::buffer(options.ca_pem), error);
    if (error) return fail(ErrorCode::invalid_input, "the CA can't be used, it is no PEM: " + error.message());
  } else if (!options.ca_file.empty()) {
    context.load_verify_file(options.ca_file, error);
    if (error) {
      return fail(ErrorCode::invalid_input,
                  fmt::format("CA file {} can't be used: {}", options.ca_file, error.message()));
    }
  } else {
    context.set_default_verify_paths(error);
    if (error) return fail(ErrorCode::invalid_input, "the system's CAs can't be used: " + error.message());
  }
  return {};
}

Result<void> show_certificate(ssl::context& context, const TlsOptions& options) {
  if (options.certificate_pem.empty()) return {};
  boost::system::error_code error;
  context.use_certificate_chain(boost::asio::buffer(options.certificate_pem), error);
  if (error) return fail(ErrorCode::invalid_input, "the client certificate can't be used: " + error.message());
  context.use_private_key(boost::asio::buffer(options.key_pem), ssl::context::pem, error);
  if (error) {
    return fail(ErrorCode::invalid_input, "the client key can't be used with its certificate: " + error.message());
  }
  return {};
}

}  // namespace

Result<ssl::context> make_client_tls_context(const TlsOptions& options) {
  ssl::context context(ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
  context.set_verify_mode(options.peer == TlsOptions::Peer::verified ? ssl::verify_peer : ssl::verify_none);
  auto trusted = trust(context, options);
  if (!trusted) return std::unexpected(std::move(trusted.error()));
  auto shown = show_certificate(context, options);
  if (!shown) return std::unexpected(std::move(shown.error()));
  return context;
}

Result<void> expect_tls_host(SSL* connection, const std::string& host) {
  boost::system::error_code not_an_address;
  boost::asio::ip::make_address(host, not_an_address);
  bool is_set = false;
  if (not_an_address) {
    SSL_set_hostflags(connection, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    is_set = SSL_set1_host(connection, host.c_str()) == 1 && SSL_set_tlsext_host_name(connection, host.c_str()) == 1;
  } else {
    is_set = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(connection), host.c_str()) == 1;
  }
  if (!is_set) return fail(ErrorCode::internal, "TLS could not be prepared for " + host);
  return {};
}

std::string describe_refused_certificate(const SSL* connection, const std::string& host) {
  const long reason = SSL_get_verify_result(connection);
  if (reason == X509_V_OK) return {};
  return fmt::format("TLS certificate refused for host {}: {} ({})", host, X509_verify_cert_error_string(reason),
                     way_out(reason));
}

}  // namespace codehelper
