// Throw-away certificates, made by OpenSSL while the test runs: an authority and what it signs.
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>
#include <stdexcept>
#include <string>

namespace codehelper::test {

struct Identity {
  std::string certificate_pem;
  std::string key_pem;
};

struct CertificateOptions {
  std::string subject_names = "DNS:localhost,IP:127.0.0.1";  // as in OpenSSL's subjectAltName
  long valid_from_seconds = -3600;                           // relative to now
  long valid_until_seconds = 3600;
};

template <auto Free>
struct FreeWith {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using KeyPointer = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;
using CertificatePointer = std::unique_ptr<X509, FreeWith<X509_free>>;
using BioPointer = std::unique_ptr<BIO, FreeWith<BIO_free_all>>;

class TestAuthority {
 public:
  explicit TestAuthority(const std::string& name = "codehelper test authority") : key_(EVP_EC_gen("P-256")) {
    certificate_ = make_certificate(name.c_str(), CertificateOptions{}, key_.get());
    add_extension(*certificate_, NID_basic_constraints, "critical,CA:TRUE");
    sign(*certificate_, X509_get_subject_name(certificate_.get()), key_.get());
  }

  std::string certificate_pem() const { return to_pem(*certificate_); }

  Identity issue(const CertificateOptions& options) const {
    const KeyPointer key(EVP_EC_gen("P-256"));
    const auto certificate = make_certificate("codehelper test peer", options, key.get());
    add_extension(*certificate, NID_subject_alt_name, options.subject_names.c_str());
    sign(*certificate, X509_get_subject_name(certificate_.get()), key_.get());
    return {to_pem(*certificate), to_pem(key.get())};
  }

  static Identity self_sign(const CertificateOptions& options) {
    const KeyPointer key(EVP_EC_gen("P-256"));
    const auto certificate = make_certificate("codehelper lone peer", options, key.get());
    add_extension(*certificate, NID_subject_alt_name, options.subject_names.c_str());
    sign(*certificate, X509_get_subject_name(certificate.get()), key.get());
    return {to_pem(*certificate), to_pem(key.get())};
  }

 private:
  static void require(bool is_done) {
    if (!is_done) throw std::runtime_error("OpenSSL could not make a test certificate");
  }

  static CertificatePointer make_certificate(const char* name, const CertificateOptions& options, EVP_PKEY* key) {
    require(key != nullptr);
    CertificatePointer certificate(X509_new());
    require(X509_set_version(certificate.get(), X509_VERSION_3) == 1);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), options.valid_from_seconds);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), options.valid_until_seconds);
    const auto* text = reinterpret_cast<const unsigned char*>(name);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_ASC, text, -1, -1, 0);
    require(X509_set_pubkey(certificate.get(), key) == 1);
    return certificate;
  }

  static void add_extension(X509& certificate, int kind, const char* value) {
    X509V3_CTX context{};
    X509V3_set_ctx(&context, &certificate, &certificate, nullptr, nullptr, 0);
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value);
    require(extension != nullptr && X509_add_ext(&certificate, extension, -1) == 1);
    X509_EXTENSION_free(extension);
  }

  static void sign(X509& certificate, X509_NAME* issuer, EVP_PKEY* key) {
    require(X509_set_issuer_name(&certificate, issuer) == 1);
    require(X509_sign(&certificate, key, EVP_sha256()) > 0);
  }

  static std::string text_of(BIO* bio) {
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(bio, &bytes);
    return {bytes, static_cast<std::size_t>(size)};
  }
  static std::string to_pem(const X509& certificate) {
    const BioPointer bio(BIO_new(BIO_s_mem()));
    require(PEM_write_bio_X509(bio.get(), &certificate) == 1);
    return text_of(bio.get());
  }
  static std::string to_pem(EVP_PKEY* key) {
    const BioPointer bio(BIO_new(BIO_s_mem()));
    require(PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
    return text_of(bio.get());
  }

  KeyPointer key_;
  CertificatePointer certificate_;
};

}  // namespace codehelper::test
