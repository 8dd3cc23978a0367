#include <zlib.h>

#include "codehelper/api/routes.hpp"
#include "codehelper/net/accept.hpp"
#include "page_assets.hpp"

namespace codehelper {

namespace {

// Nothing but the page's own files and this server: no script, style or picture of an answer's text gets in, and what
// the model writes can't make the browser call anywhere. Markup reaches the document through the sanitiser only.
constexpr std::string_view kContentSecurityPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types dompurify";

Result<std::string> inflate_gzip(const PageAsset& asset) {
  std::string text(asset.size_bytes, '\0');
  z_stream stream{};
  stream.next_in = const_cast<unsigned char*>(asset.gzip.data());  // zlib only reads it
  stream.avail_in = static_cast<uInt>(asset.gzip.size());
  stream.next_out = reinterpret_cast<unsigned char*>(text.data());
  stream.avail_out = static_cast<uInt>(text.size());
  constexpr int kGzipWindow = 15 + 16;
  if (inflateInit2(&stream, kGzipWindow) != Z_OK) return fail(ErrorCode::internal, "zlib can't be used");
  const int end = inflate(&stream, Z_FINISH);
  inflateEnd(&stream);
  if (end != Z_STREAM_END) return fail(ErrorCode::internal, "an embedded file can't be inflated");
  return text;
}

HttpReply make_head(const PageAsset& asset) {
  HttpReply reply;
  const bool is_page = asset.path == "/";
  reply.headers.set("ETag", std::string(asset.etag));
  reply.headers.set("Cache-Control", is_page ? "no-cache" : "public, max-age=31536000, immutable");
  reply.headers.set("Vary", "Accept-Encoding");
  reply.headers.set("Content-Security-Policy", std::string(kContentSecurityPolicy));
  reply.headers.set("Referrer-Policy", "no-referrer");
  reply.headers.set("Cross-Origin-Opener-Policy", "same-origin");
  reply.headers.set("Cross-Origin-Resource-Policy", "same-origin");
  return reply;
}

Task<Result<HttpReply>> get_asset(const PageAsset& asset, HttpRequest request) {
  HttpReply reply = make_head(asset);
  if (lists_range(request.headers, "If-None-Match", asset.etag)) {
    reply.status = 304;
    co_return reply;
  }
  reply.headers.set("Content-Type", std::string(asset.content_type));
  if (lists_range(request.headers, "Accept-Encoding", "gzip")) {
    reply.headers.set("Content-Encoding", "gzip");
    reply.body.assign(asset.gzip.begin(), asset.gzip.end());
    co_return reply;
  }
  auto text = inflate_gzip(asset);
  if (!text) co_return std::unexpected(text.error());
  reply.body = std::move(*text);
  co_return reply;
}

}  // namespace

void add_page_routes(Router& router) {
  for (const PageAsset& asset : page_assets()) {
    Route route;
    route.method = "GET";
    route.path = asset.path;
    route.scopes = {};
    route.handler = [&asset](RequestContext, HttpRequest request) { return get_asset(asset, std::move(request)); };
    router.add(std::move(route));
  }
}

}  // namespace codehelper
