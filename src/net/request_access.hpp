// Whether a request is answered at all: by where it comes from, and by the token that it shows.
#pragma once

#include <optional>

#include "codehelper/net/http_server.hpp"
#include "http_exchange.hpp"

namespace codehelper {

/// Refuses what a browser sends for a page of another origin, or for one that was led here by a name of its own (DNS
/// rebinding). Programs that are no browsers send neither Origin nor Sec-Fetch-Site and are not concerned.
std::optional<HttpReply> refuse_foreign_page(const HttpServerOptions& options, const HttpRequest& request,
                                             std::string_view request_id, Metrics& metrics);

/// Who shows a token that the server takes; nobody where none is shown or needed.
std::optional<Caller> identify_caller(const HttpServerOptions& options, const HttpHeaders& headers);

/// Refuses what identify_caller() found when that may not ask `route`; else says in `context` who it is.
std::optional<HttpReply> refuse_caller(const HttpServerOptions& options, const Route& route, const HttpHeaders& headers,
                                       std::optional<Caller> caller, RequestContext& context, Metrics& metrics);

}  // namespace codehelper
