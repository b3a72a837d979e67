#include "support/pcp_messages.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "core/bytes.hpp"
#include "core/canonical.hpp"

namespace natcheck::support {
namespace {

using boost::asio::ip::address_v6;

constexpr std::size_t map_size = 60;

address read_address(byte_reader& reader) {
  address_v6::bytes_type raw;
  for (auto& byte : raw) byte = reader.u8();
  return canonical(address(address_v6(raw)));
}

void put(std::string& bytes, std::size_t at, std::uint32_t value, int size) {
  for (int shift = 8 * (size - 1); shift >= 0; shift -= 8) {
    bytes.at(at++) = static_cast<char>(value >> shift & 0xffU);
  }
}

}  // namespace

pcp_request::pcp_request(const std::string& bytes) {
  const std::vector<std::uint8_t> copy(bytes.begin(), bytes.end());
  byte_reader reader(copy);
  version = reader.u8();
  operation = reader.u8();
  reader.u16();
  lifetime_s = reader.u32();
  client = read_address(reader);
  if (bytes.size() < map_size) return;
  for (int i = 0; i < 12; ++i) nonce += static_cast<char>(reader.u8());
  protocol = reader.u8();
  reader.u8();
  reader.u16();
  internal_port = reader.u16();
  external.port = reader.u16();
  external.ip = read_address(reader);
}

std::string pcp_answer(const std::string& request, int result, std::uint32_t lifetime_s,
                       std::uint32_t epoch_s) {
  std::string bytes = request;
  bytes.at(1) = static_cast<char>(static_cast<unsigned char>(bytes.at(1)) | 0x80U);
  bytes.at(3) = static_cast<char>(result);
  put(bytes, 4, lifetime_s, 4);
  put(bytes, 8, epoch_s, 4);
  std::fill_n(bytes.begin() + 12, 12, '\0');
  return bytes;
}

std::string pcp_grant(const std::string& request, const endpoint& external,
                      std::uint32_t lifetime_s, std::uint32_t epoch_s) {
  std::string bytes = pcp_answer(request, 0, lifetime_s, epoch_s);
  put(bytes, 42, external.port, 2);
  const auto wide = external.ip.is_v4() ? boost::asio::ip::make_address_v6(
                                              boost::asio::ip::v4_mapped, external.ip.to_v4())
                                        : external.ip.to_v6();
  const auto raw = wide.to_bytes();
  std::copy(raw.begin(), raw.end(), bytes.begin() + 44);
  return bytes;
}

}  // namespace natcheck::support
