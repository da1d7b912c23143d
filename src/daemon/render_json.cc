#include "daemon/render_json.h"

#include "base/time.h"

namespace ipguard::daemon {
namespace {

Json text_or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

Json asn_or_null(const std::optional<net::Asn>& asn) { return asn ? Json(asn->to_string()) : Json(nullptr); }

Json texts(const std::vector<net::Prefix>& prefixes) {
  Json array = Json::array();
  for (const auto& prefix : prefixes) {
    array.push_back(prefix.to_string());
  }
  return array;
}

Json cut_out_json(const decide::InForce& in_force) {
  Json array = Json::array();
  for (const auto& part : in_force.cut_out) {
    array.push_back({{"prefix", part.prefix.to_string()}, {"reason", part.reason}});
  }
  return array;
}

Json good_json(const model::GoodCounts& counts) {
  return {{"logins", counts.logins}, {"users", counts.users}, {"visitors", counts.visitors}};
}

void put_in_force(const decide::InForce& in_force, Json& json) {
  json["prefixes"] = texts(in_force.prefixes);
  json["addresses_covered"] = in_force.covered.ipv4_addresses;
  json["ipv6_64s_covered"] = in_force.covered.ipv6_64s;
  json["cut_out"] = cut_out_json(in_force);
  if (in_force.more_cut_out > 0) {
    json["more_cut_out"] = in_force.more_cut_out;
  }
}

Json decisions_json(const decide::Engine& engine, const std::vector<model::Decision>& decisions) {
  Json array = Json::array();
  for (const auto& decision : decisions) {
    array.push_back(to_json(engine, decision, true));
  }
  return array;
}

Json lines_json(const std::vector<model::EvidenceLine>& lines) {
  Json array = Json::array();
  for (const auto& line : lines) {
    array.push_back(
        {{"path", line.path}, {"offset", line.offset}, {"time", format_rfc3339(line.time)}, {"line", line.text}});
  }
  return array;
}

}  // namespace

Json to_json(const model::Decision& decision, bool with_evidence) {
  const bool is_asn = decision.target.scope == model::Scope::asn;
  const bool is_network = model::is_network(decision.target.scope);
  Json json = {
      {"scope", model::to_string(decision.target.scope)},
      {"target", decision.target.to_string()},
      {"prefixes", texts(decision.prefixes)},
      {"asn", is_asn ? Json(decision.target.asn.to_string()) : asn_or_null(decision.route.asn)},
      {"as_name", text_or_null(decision.route.as_name)},
      {"country_code", text_or_null(decision.route.country_code)},
      {"route", decision.route.found && is_network ? Json(decision.route.prefix.to_string()) : Json(nullptr)},
      {"rule", text_or_null(decision.rule)},
      {"reason", decision.reason},
      {"issuer", decision.issuer},
      {"since", format_rfc3339(decision.since)},
      {"until", decision.until ? Json(format_rfc3339(*decision.until)) : Json(nullptr)},
      {"confirm_by", decision.confirm_by ? Json(format_rfc3339(*decision.confirm_by)) : Json(nullptr)},
      {"repeat", decision.repeat},
      {"addresses_covered", decision.addresses_covered},
      {"ipv6_64s_covered", decision.ipv6_64s_covered},
      {"good_clients", good_json(decision.good_clients)},
      {"left_out", decision.left_out.size()},
  };
  if (with_evidence) {
    json["evidence"] = lines_json(decision.evidence);
  }
  return json;
}

Json to_json(const decide::Engine& engine, const model::Decision& decision, bool with_evidence) {
  Json json = to_json(decision, with_evidence);
  put_in_force(engine.in_force(decision), json);
  return json;
}

Json to_json(const decide::Preview& preview) {
  Json json = to_json(preview.decision, false);
  put_in_force(preview.in_force, json);
  json["banned"] = preview.banned;
  json["refusal"] = preview.refusal ? Json(*preview.refusal) : Json(nullptr);
  json["inside"] = preview.inside;
  json["good_clients_known"] = good_json(preview.good);
  json["remember_seconds"] = preview.remember.count();
  return json;
}

Json to_json(const model::Route& route) {
  return {{"route", route.prefix.to_string()},      {"found", route.found},
          {"asn", asn_or_null(route.asn)},          {"as_name", text_or_null(route.as_name)},
          {"country", text_or_null(route.country)}, {"country_code", text_or_null(route.country_code)}};
}

Json to_json(const model::SourceStatus& source) {
  return {{"name", source.name},
          {"path", source.path},
          {"state", source.state},
          {"bytes", source.bytes},
          {"lines", source.lines},
          {"hits", source.hits},
          {"files", source.files},
          {"lost_bytes", source.lost_bytes},
          {"losses_of_unknown_size", source.losses_of_unknown_size},
          {"reread_bytes", source.reread_bytes},
          {"lost_messages", source.lost_messages},
          {"refused_messages", source.refused_messages},
          {"behind_bytes", source.behind_bytes},
          {"untrusted_lines", source.untrusted_lines},
          {"overlong_lines", source.overlong_lines},
          {"rotations", source.rotations},
          {"truncations", source.truncations}};
}

Json to_json(const decide::DecisionChange& ended) {
  Json json = to_json(ended.decision, false);
  json["ending"] = ended.ending ? Json(model::to_string(*ended.ending)) : Json(nullptr);
  json["ended"] = format_rfc3339(ended.at);
  return json;
}

Json to_json(const decide::Engine& engine, const decide::Explanation& explanation) {
  Json counting = Json::array();
  for (const auto& count : explanation.counting) {
    counting.push_back({{"rule", count.rule},
                        {"hits", count.hits},
                        {"count", count.count},
                        {"threshold", count.threshold},
                        {"window_seconds", count.window.count()},
                        {"lines", lines_json(count.lines)}});
  }
  Json ended = Json::array();
  for (const auto& change : explanation.ended) {
    ended.push_back(to_json(change));
  }
  return {{"address", explanation.address.to_string()},
          {"banned", !explanation.decisions.empty()},
          {"route", to_json(explanation.route)},
          {"decisions", decisions_json(engine, explanation.decisions)},
          {"covered_by", decisions_json(engine, explanation.covered_by)},
          {"protections", explanation.protections},
          {"counting", std::move(counting)},
          {"ladder",
           {{"route_offenders", explanation.route_offenders},
            {"route_threshold", explanation.route_threshold},
            {"asn_routes", explanation.asn_routes},
            {"asn_threshold", explanation.asn_threshold},
            {"country_asns", explanation.country_asns},
            {"country_threshold", explanation.country_threshold}}},
          {"good_client", explanation.good ? Json(*explanation.good) : Json(nullptr)},
          {"ended", std::move(ended)},
          {"refusals", explanation.refusals}};
}

}  // namespace ipguard::daemon
