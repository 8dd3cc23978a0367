#include "caller_address.hpp"

#include <catch2/catch.hpp>

using namespace codehelper;

namespace {

CallerAddress describe(const char* address) {
  return describe_caller(boost::asio::ip::make_address(address));
}

}  // namespace

TEST_CASE("caller address: IPv4 is itself, also where it comes in as IPv6") {
  CHECK(describe("192.0.2.7").text == "192.0.2.7");
  CHECK(describe("::ffff:192.0.2.7").text == "192.0.2.7");
  CHECK_FALSE(describe("192.0.2.7").is_loopback);
}

TEST_CASE("caller address: the addresses of one IPv6 network are one caller") {
  CHECK(describe("2001:db8:1:2:3:4:5:6").text == describe("2001:db8:1:2::9").text);
  CHECK(describe("2001:db8:1:2::9").text != describe("2001:db8:1:3::9").text);
  CHECK(describe("fe80::1%1").text == describe("fe80::2").text);
}

TEST_CASE("caller address: loopback is known in every spelling") {
  CHECK(describe("127.0.0.1").is_loopback);
  CHECK(describe("127.9.9.9").is_loopback);
  CHECK(describe("::1").is_loopback);
  CHECK(describe("::ffff:127.0.0.1").is_loopback);
}

TEST_CASE("address counts: forget an address with its last connection") {
  AddressCounts counts;
  counts.add("a");
  counts.add("a");
  counts.add("b");

  counts.remove("a");
  CHECK(counts.of("a") == 1);
  counts.remove("a");
  CHECK(counts.of("a") == 0);
  CHECK(counts.size() == 1);
}
