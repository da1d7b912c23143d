// What the known databases call AS, country and continent, and how databases are combined.
//
// The keys are recognised record by record, so one reader serves all of them:
//   IPinfo Lite          asn "AS64500", as_name, as_domain, country (name), country_code, continent (name),
//   continent_code older IPinfo files   the same, but country and continent are codes beside country_name and
//   continent_name;
//                        the ASN file: asn, name, domain
//   GeoLite2, GeoIP2     autonomous_system_number and _organization (Enterprise: below traits), country.iso_code,
//                        country.names.en, continent.code, continent.names.en; registered_country without country
//   DB-IP Lite           as GeoLite2
//   ip-location-db       autonomous_system_number and _organization, country_code
#pragma once

#include <cstdint>

#include "base/result.h"
#include "enrich/mmdb.h"
#include "model/route.h"

namespace ipguard::enrich {

// AS, country and continent of one record; the route's `prefix` and `found` are not touched by it. An AS number may be
// 64500, "64500" or "AS64500"; 0 and what is none are left out. Names are cut at 256 bytes. Errc::corrupt as
// read_record(). `further` gets the scalars of the record itself (not of maps and lists in it) that no such fact is
// read from, unless one of the same path is there.
[[nodiscard]] Result<model::Route> read_facts(const Mmdb& mmdb, uint32_t record, RecordFields* further = nullptr);

[[nodiscard]] bool has_facts(const model::Route& facts);

// Takes from `more` what `route` lacks, in two groups: the AS, and country with continent. A group is only completed
// from a database that agrees on its number or codes, so that no name ever stands beside the code of another country.
// Returns whether anything was taken.
bool complete(model::Route& route, const model::Route& more);

}  // namespace ipguard::enrich
