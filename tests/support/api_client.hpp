// Calls a server of ours as a caller does, one call at a time.
#pragma once

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <string>

#include "codehelper/net/http_client.hpp"

namespace codehelper::test {

struct ApiAnswer {
  int status = 0;
  HttpHeaders headers;
  std::string text;

  boost::json::object json() const { return boost::json::parse(text).as_object(); }
};

class ApiClient {
 public:
  explicit ApiClient(std::string base_url, std::string token = "") {
    HttpClientOptions options;
    options.base_url = std::move(base_url);
    options.token = std::move(token);
    client_ = HttpClient::make(loop_, std::move(options)).value();
  }

  ApiAnswer get(const std::string& target) { return call({"GET", target, {}, ""}); }
  ApiAnswer remove(const std::string& target) { return call({"DELETE", target, {}, ""}); }
  ApiAnswer post(const std::string& target, const boost::json::object& body) {
    return call({"POST", target, {}, boost::json::serialize(body)});
  }
  ApiAnswer call(HttpCall call) {
    call.limit = std::chrono::seconds(120);
    const RequestContext context{"e2e", Deadline::never(), Log::none()};
    auto answer = run_until_done(loop_, client_->call(context, std::move(call)));
    if (!answer) throw std::runtime_error(answer.error().message);
    return {answer->status, std::move(answer->headers), std::move(answer->body)};
  }

 private:
  EventLoop loop_{1};
  std::unique_ptr<HttpClient> client_;
};

}  // namespace codehelper::test
