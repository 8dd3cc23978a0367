// Who is at the other end of a connection, as far as limits care.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <cstddef>
#include <string>
#include <unordered_map>

namespace codehelper {

struct CallerAddress {
  std::string text;  // of IPv6 the network of 64 bits: one machine has all of its addresses
  bool is_loopback = false;
};

CallerAddress describe_caller(const boost::asio::ip::address& address);

/// How many connections each address has. No bigger than the number of connections.
class AddressCounts {
 public:
  std::size_t of(const std::string& address) const;
  void add(const std::string& address) { ++counts_[address]; }
  void remove(const std::string& address);
  std::size_t size() const { return counts_.size(); }

 private:
  std::unordered_map<std::string, std::size_t> counts_;
};

}  // namespace codehelper
