#include "codehelper/base/request_context.hpp"

#include <catch2/catch.hpp>
#include <set>

#include "codehelper/base/hash.hpp"

using namespace codehelper;

TEST_CASE("request id: 1 to 128 visible ASCII characters") {
  CHECK(is_valid_request_id("a"));
  CHECK(is_valid_request_id("order/42:x~!"));
  CHECK(is_valid_request_id(std::string(128, 'x')));
  CHECK_FALSE(is_valid_request_id(""));
  CHECK_FALSE(is_valid_request_id("a b"));
  CHECK_FALSE(is_valid_request_id("a\r\nb"));
  CHECK_FALSE(is_valid_request_id("\u00e9"));
  CHECK_FALSE(is_valid_request_id(std::string(129, 'x')));
}

TEST_CASE("request id: made ids are valid and differ") {
  CHECK(is_valid_request_id(make_request_id()));
  CHECK(make_request_id() != make_request_id());
}

TEST_CASE("request id: ids of one maker are valid and differ, over more than it asks for at once") {
  RequestIds ids;
  std::set<std::string> seen;

  for (int i = 0; i < 1'000; ++i) {
    const std::string id = ids.next();
    REQUIRE(id.size() == 32);
    REQUIRE(id.find_first_not_of("0123456789abcdef") == std::string::npos);
    seen.insert(id);
  }

  CHECK(seen.size() == 1'000);
}

TEST_CASE("deadline: the earlier one counts, and what is left is never negative") {
  const auto soon = Deadline::after(std::chrono::milliseconds(-5));
  const RequestContext context{"id", Deadline::never(), Log::none()};

  CHECK(soon.passed());
  CHECK(soon.remaining() == std::chrono::milliseconds(0));
  CHECK(context.with_deadline(soon).deadline.passed());
  CHECK(context.with_deadline(Deadline::never()).deadline.is_never());
}

TEST_CASE("hash: SHA-256 of the standard's example") {
  CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}
