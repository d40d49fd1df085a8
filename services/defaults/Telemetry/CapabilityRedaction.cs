using System.Diagnostics;
using OpenTelemetry;

namespace Newsletter.Defaults.Telemetry;

/// <summary>
/// Some paths are capabilities: a member's feed, a gift, a tracked link. They are cut short in every span, the server's and the client's, because
/// the gateway forwards them. The instrumentations redact queries by themselves.
/// </summary>
internal sealed class CapabilityRedaction : BaseProcessor<Activity>
{
    public override void OnEnd(Activity data)
    {
        foreach (var tag in (ReadOnlySpan<string>)["url.path", "url.full"])
        {
            if (data.GetTagItem(tag) is not string address) continue;
            foreach (var capability in (ReadOnlySpan<string>)["/feeds/", "/gifts/", "/t/", "/o/"])
            {
                // Routes do not mind the case.
                if (address.IndexOf(capability, StringComparison.OrdinalIgnoreCase) is >= 0 and var at)
                    data.SetTag(tag, address = address[..(at + capability.Length)] + "…");
            }
        }
    }
}
