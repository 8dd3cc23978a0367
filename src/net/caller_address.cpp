#include "caller_address.hpp"

#include <boost/asio/ip/network_v6.hpp>

namespace codehelper {

namespace ip = boost::asio::ip;

CallerAddress describe_caller(const ip::address& address) {
  if (address.is_v4()) return {address.to_string(), address.is_loopback()};
  const ip::address_v6 six = address.to_v6();
  if (six.is_v4_mapped()) return describe_caller(ip::make_address_v4(ip::v4_mapped, six));
  if (six.is_loopback()) return {six.to_string(), true};
  constexpr unsigned short kNetworkBits = 64;
  return {ip::make_network_v6(ip::address_v6(six.to_bytes()), kNetworkBits).canonical().to_string(), false};
}

std::size_t AddressCounts::of(const std::string& address) const {
  const auto found = counts_.find(address);
  return found == counts_.end() ? 0 : found->second;
}

void AddressCounts::remove(const std::string& address) {
  const auto found = counts_.find(address);
  if (found != counts_.end() && --found->second == 0) counts_.erase(found);
}

}  // namespace codehelper
