#include "http_client_fixture.hpp"
#include "tls_client.hpp"

#include "support/temporary_directory.hpp"
#include "support/test_certificates.hpp"

#include <catch2/catch.hpp>

namespace codehelper {
namespace {

using test::HttpClientFixture;
using test::kOk;
using test::ScriptedPeer;
using test::ScriptedServer;
using test::TestAuthority;

struct TlsFixture : HttpClientFixture {
  TestAuthority authority;
  test::TemporaryDirectory directory;
  std::string ca_file = directory.write("ca.pem", authority.certificate_pem());

  std::unique_ptr<HttpClient> make_tls_client(const ScriptedServer& server, const std::string& host = "localhost") {
    return make_client("https://" + host + ":" + std::to_string(server.port()), {.tls = {.ca_file = ca_file}});
  }
  /// The error of a call to a server with that certificate.
  Error refusal_of(const test::Identity& identity) {
    ScriptedServer server(loop, identity, always_answer(std::string(kOk)));
    const auto client = make_tls_client(server);
    const auto answer = get(*client);
    REQUIRE_FALSE(answer);
    CHECK(server.requests().empty());
    CHECK(server.connections() == 1);
    CHECK(answer.error().message.contains("localhost:" + std::to_string(server.port())));
    return answer.error();
  }
};

TEST_CASE_METHOD(TlsFixture, "http client tls: talks to a host that proves its name, over one connection") {
  ScriptedServer server(loop, authority.issue({}), always_answer(std::string(kOk)));
  const auto client = make_tls_client(server);

  const auto first = get(*client);
  const auto second = post(*client, std::string(100'000, 'x'));

  REQUIRE(first);
  CHECK(first->body == "ok");
  REQUIRE(second);
  CHECK(server.connections() == 1);
  CHECK(server.requests().at(1).ends_with("xxx"));
}

TEST_CASE_METHOD(TlsFixture, "http client tls: sends the host's name so that the server can choose its certificate") {
  std::string name;
  ScriptedServer server(loop, authority.issue({}), always_answer(std::string(kOk)));
  auto note_name = [](SSL* connection, int*, void* target) {
    const char* sent = SSL_get_servername(connection, TLSEXT_NAMETYPE_host_name);
    if (sent != nullptr) *static_cast<std::string*>(target) = sent;
    return SSL_TLSEXT_ERR_OK;
  };
  SSL_CTX_set_tlsext_servername_callback(server.tls().native_handle(), +note_name);
  SSL_CTX_set_tlsext_servername_arg(server.tls().native_handle(), &name);
  const auto client = make_tls_client(server);

  const auto answer = get(*client);

  REQUIRE(answer);
  CHECK(name == "localhost");
}

TEST_CASE_METHOD(TlsFixture, "http client tls: an address is proved by a certificate for that address") {
  ScriptedServer with_address(loop, authority.issue({}), always_answer(std::string(kOk)));
  ScriptedServer without(loop, authority.issue({.subject_names = "DNS:localhost"}), always_answer(std::string(kOk)));

  const auto good = get(*make_tls_client(with_address, "127.0.0.1"));
  const auto bad = get(*make_tls_client(without, "127.0.0.1"));

  CHECK(good);
  REQUIRE_FALSE(bad);
  CHECK(bad.error().message.contains("IP address mismatch"));
}

TEST_CASE_METHOD(TlsFixture, "http client tls: refuses a certificate for another host and says so") {
  const auto error = refusal_of(authority.issue({.subject_names = "DNS:other.example"}));

  CHECK(error.code == ErrorCode::unavailable);
  CHECK(error.message.contains("hostname mismatch"));
}

TEST_CASE_METHOD(TlsFixture, "http client tls: refuses a certificate signed by itself and says so") {
  const auto error = refusal_of(TestAuthority::self_sign({}));

  CHECK(error.code == ErrorCode::unavailable);
  CHECK(error.message.contains("self-signed"));
}

TEST_CASE_METHOD(TlsFixture, "http client tls: refuses an expired certificate and says so") {
  const auto error = refusal_of(authority.issue({.valid_from_seconds = -7200, .valid_until_seconds = -3600}));

  CHECK(error.code == ErrorCode::unavailable);
  CHECK(error.message.contains("expired"));
}

TEST_CASE_METHOD(TlsFixture, "http client tls: refuses a certificate that is for later and names the clock") {
  const auto error = refusal_of(authority.issue({.valid_from_seconds = 3600, .valid_until_seconds = 7200}));

  CHECK(error.code == ErrorCode::unavailable);
  CHECK(error.message.contains("this machine's clock is wrong"));
}

TEST_CASE_METHOD(TlsFixture, "http client tls: refuses a certificate of an authority that it does not know") {
  const TestAuthority stranger("somebody else");

  const auto error = refusal_of(stranger.issue({}));

  CHECK(error.code == ErrorCode::unavailable);
  CHECK(error.message.contains("CA file"));
}

TEST_CASE_METHOD(TlsFixture, "http client tls: shows its certificate to a server that asks for it") {
  const auto own = authority.issue({});
  ScriptedServer server(loop, authority.issue({}), always_answer(std::string(kOk)));
  server.tls().add_certificate_authority(boost::asio::buffer(authority.certificate_pem()));
  server.tls().set_verify_mode(boost::asio::ssl::verify_peer | boost::asio::ssl::verify_fail_if_no_peer_cert);
  const auto url = "https://localhost:" + std::to_string(server.port());
  TlsOptions tls{.ca_pem = authority.certificate_pem()};
  const auto nobody = make_client(url, {.tls = tls});
  tls.certificate_pem = own.certificate_pem;
  tls.key_pem = own.key_pem;
  const auto known = make_client(url, {.tls = tls});

  const auto refused = get(*nobody);
  const auto answer = get(*known);

  CHECK_FALSE(refused);
  REQUIRE(answer);
  CHECK(answer->body == "ok");
}

TEST_CASE_METHOD(TlsFixture, "http client tls: a certificate with another's key is refused before any call") {
  const auto own = authority.issue({});
  const auto other = authority.issue({});

  const auto client = HttpClient::make(
      loop,
      {.base_url = "https://localhost", .tls = {.certificate_pem = own.certificate_pem, .key_pem = other.key_pem}});
  const auto no_ca = HttpClient::make(loop, {.base_url = "https://localhost", .tls = {.ca_pem = "no PEM"}});

  REQUIRE_FALSE(client);
  CHECK(client.error().message.contains("client key"));
  CHECK_FALSE(client.error().message.contains("PRIVATE"));
  REQUIRE_FALSE(no_ca);
  CHECK(no_ca.error().message.contains("the CA"));
}

TEST_CASE_METHOD(TlsFixture, "http client tls: another name than the URL's can be demanded, or none at all") {
  ScriptedServer server(loop, authority.issue({.subject_names = "DNS:kubernetes"}), always_answer(std::string(kOk)));
  const auto url = "https://127.0.0.1:" + std::to_string(server.port());

  const auto named = get(*make_client(url, {.tls = {.ca_file = ca_file, .server_name = "kubernetes"}}));
  const auto misnamed = get(*make_client(url, {.tls = {.ca_file = ca_file, .server_name = "other"}}));
  const auto anybody = get(*make_client(url, {.tls = {.peer = TlsOptions::Peer::anybody}}));

  CHECK(named);
  REQUIRE_FALSE(misnamed);
  CHECK(misnamed.error().message.contains("hostname mismatch"));
  CHECK(anybody);
}

TEST_CASE("http client tls: does not go below TLS 1.2") {
  auto context = make_client_tls_context({});

  REQUIRE(context);
  CHECK(SSL_CTX_get_min_proto_version(context->native_handle()) == TLS1_2_VERSION);
}

TEST_CASE_METHOD(TlsFixture, "http client tls: a peer without TLS is named as such and not asked again") {
  ScriptedServer server(loop, [](ScriptedPeer& peer, int) -> Task<void> {
    co_await peer.write("HTTP/1.1 400 Bad Request\r\n\r\n");
    co_await peer.wait_for_close();
  });
  const auto client = make_tls_client(server);

  const auto answer = get(*client);

  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == ErrorCode::unavailable);
  CHECK(answer.error().message.contains("TLS handshake failed"));
  CHECK(server.connections() == 1);
}

TEST_CASE_METHOD(TlsFixture, "http client tls: a handshake that stalls is under the limit of connecting") {
  ScriptedServer server(loop, [](ScriptedPeer& peer, int) -> Task<void> { co_await peer.wait_for_close(); });
  const auto client = make_client("https://127.0.0.1:" + std::to_string(server.port()),
                                  {.tls = {.ca_file = ca_file}, .connect_limit = std::chrono::milliseconds(60)});

  const auto answer = get(*client);

  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == ErrorCode::timeout);
  CHECK(answer.error().message.contains("60 ms"));
}

TEST_CASE_METHOD(TlsFixture, "http client tls: an end without good-bye is fine after a whole answer") {
  ScriptedServer server(loop, authority.issue({}), answer_and_close(std::string(kOk)));
  const auto client = make_tls_client(server);

  const auto first = get(*client);
  const auto second = post(*client, "{}");

  REQUIRE(first);
  REQUIRE(second);
  CHECK(server.connections() == 2);
}

TEST_CASE_METHOD(TlsFixture, "http client tls: an open-ended body needs the good-bye, or it may be cut") {
  ScriptedServer polite(loop, authority.issue({}), [](ScriptedPeer& peer, int) -> Task<void> {
    co_await peer.read_request();
    co_await peer.write("HTTP/1.1 200 OK\r\n\r\nhello");
    co_await peer.say_goodbye();
  });
  ScriptedServer abrupt(loop, authority.issue({}), answer_and_close("HTTP/1.1 200 OK\r\n\r\nhel"));

  const auto whole = post(*make_tls_client(polite), "{}");
  const auto cut = post(*make_tls_client(abrupt), "{}");

  REQUIRE(whole);
  CHECK(whole->body == "hello");
  REQUIRE_FALSE(cut);
  CHECK(cut.error().code == ErrorCode::unavailable);
}

TEST_CASE_METHOD(TlsFixture, "http client tls: reads an early 413 while the request is still being sent") {
  ScriptedServer server(loop, authority.issue({}), [](ScriptedPeer& peer, int) -> Task<void> {
    co_await peer.read_through("\r\n\r\n");
    co_await peer.write("HTTP/1.1 413 Payload Too Large\r\nContent-Length: 9\r\n\r\ntoo large");
    co_await sleep_for(std::chrono::minutes(1));
  });
  const auto client = make_tls_client(server);

  const auto early = post(*client, std::string(std::size_t{32} * 1024 * 1024, 'x'));

  REQUIRE(early);
  CHECK(early->status == 413);
  CHECK(early->body == "too large");
}

TEST_CASE_METHOD(TlsFixture, "http client tls: streams pieces as they come and stops at the deadline") {
  ScriptedServer server(loop, authority.issue({}), [](ScriptedPeer& peer, int) -> Task<void> {
    co_await peer.read_request();
    co_await peer.write("HTTP/1.1 200 OK\r\n\r\nfirst");
    co_await peer.wait_for_close();
  });
  const auto client = make_tls_client(server);
  std::string seen;
  HttpClient::BodySink sink = [&](std::string_view piece) -> Task<Result<void>> {
    seen += piece;
    co_return Result<void>{};
  };

  const auto answer = run_until_done(loop, client->stream(context, {.limit = std::chrono::milliseconds(300)}, sink));

  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == ErrorCode::timeout);
  CHECK(seen == "first");
}

}  // namespace
}  // namespace codehelper
