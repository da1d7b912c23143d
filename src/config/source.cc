#include "config/source.h"

namespace ipguard::config {

std::string ListenEndpoint::to_string() const {
  const auto name = transport_names.at(static_cast<size_t>(transport));
  return std::string(name) + ' ' + (is_unix() ? path : endpoint.to_string());
}

}  // namespace ipguard::config
