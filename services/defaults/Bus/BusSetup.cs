using MassTransit;
using MassTransit.Mediator;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Newsletter.Defaults.Copies;
using Newsletter.Defaults.Hosting;
using Newsletter.Defaults.Http;
using Newsletter.Defaults.Operations;
using Newsletter.Defaults.Outbox;
using Newsletter.Defaults.Storage;

namespace Newsletter.Defaults.Bus;

/// <summary>Where outbox rows are handed to: RabbitMQ, or the mediator of the same process.</summary>
internal sealed record BusAddress(IPublishEndpoint Endpoint, bool IsRemote);

/// <summary>A consumer and the queue it reads in the distributed form.</summary>
/// <param name="PerProcess">A queue of its own for each process, gone when it ends.</param>
internal sealed record ConsumerRegistration(string Service, string Queue, Type Consumer, int Concurrency, bool PerProcess = false);

/// <summary>The consumers of all services in this process, collected before the bus is built.</summary>
public sealed class BusConsumers
{
    internal List<ConsumerRegistration> Registrations { get; } = [];

    internal IEnumerable<string> QueuesOf(string service) => Registrations.Where(r => r.Service == service && !r.PerProcess).Select(r => r.Queue);
}

/// <summary>Registers one service's consumers; queues are named <c>{service}-{consumer}</c>.</summary>
public sealed class ServiceConsumers(string service, BusConsumers consumers, IServiceCollection services)
{
    /// <param name="concurrency">Messages that one process handles at a time.</param>
    public ServiceConsumers Add<TConsumer>(int concurrency = 8) where TConsumer : class, IConsumer
    {
        consumers.Registrations.Add(new(service, QueueOf(typeof(TConsumer)), typeof(TConsumer), concurrency));
        return this;
    }

    /// <summary>Every process hears every message, while it runs; for what it keeps in memory.</summary>
    public ServiceConsumers AddPerProcess<TConsumer>() where TConsumer : class, IConsumer
    {
        consumers.Registrations.Add(new(service, $"{QueueOf(typeof(TConsumer))}-{Guid.NewGuid():N}", typeof(TConsumer), 1, PerProcess: true));
        return this;
    }

    /// <summary>A copy of another service's rows: the event's own queue, a slow lane for resyncs, and one request to be filled at the start.</summary>
    public ServiceConsumers AddCopy<TConsumer, TEvent>() where TConsumer : class, ICopyConsumer<TEvent> where TEvent : class
    {
        Add<TConsumer>();
        services.AddScoped<TConsumer>();
        services.AddHostedService<ResyncRequester<TConsumer, TEvent>>();
        consumers.Registrations.Add(new(service, $"{service}-resync-{Kebab(typeof(TEvent).Name)}", typeof(ResyncConsumer<TConsumer, TEvent>), 1));
        return this;
    }

    private string QueueOf(Type consumer)
    {
        var name = consumer.IsGenericType ? consumer.Name[..consumer.Name.IndexOf('`')] : consumer.Name;
        return $"{service}-{Kebab(name.EndsWith("Consumer", StringComparison.Ordinal) ? name[..^8] : name)}";
    }

    private static string Kebab(string name) => KebabCaseEndpointNameFormatter.Instance.SanitizeName(name);
}

public static class BusSetup
{
    /// <summary>The broker drops a message to the dead-letter queue after so many deliveries that were not acknowledged.</summary>
    private const int DeliveryLimit = 20;

    /// <summary>Pauses between the tries of a message in ms.</summary>
    private static readonly int[] Pauses = [100, 400, 1500, 5000];

    internal static int Tries => Pauses.Length + 1;

    public static ServiceConsumers AddConsumers(this WebApplicationBuilder builder, string service) =>
        new(service, builder.Consumers(), builder.Services);

    /// <summary>Distributed form. Call after the services are added.</summary>
    public static void AddRabbitMqBus(this WebApplicationBuilder builder)
    {
        var consumers = builder.Consumers().Registrations;
        var address = builder.Configuration.GetConnectionString("rabbitmq");
        if (consumers.Count == 0 && address is null) return;
        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || uri.Scheme is not ("amqp" or "amqps"))
            throw new SettingException("ConnectionStrings__rabbitmq", "is missing or is not an amqp:// address.");

        builder.Services.AddMassTransit(bus =>
        {
            foreach (var registration in consumers) bus.AddConsumer(registration.Consumer);
            // Without the broker a service still answers; what it has to say waits in the outbox.
            bus.ConfigureHealthCheckOptions(health => health.MinimalFailureStatus = HealthStatus.Degraded);
            bus.UsingRabbitMq((context, rabbit) =>
            {
                rabbit.Host(uri);
                rabbit.ConfigureJsonSerializerOptions(_ => Json.Bus);
                foreach (var registration in consumers)
                {
                    rabbit.ReceiveEndpoint(registration.Queue, endpoint =>
                    {
                        if (registration.PerProcess) endpoint.AutoDelete = true;
                        else endpoint.MakeDurable(registration.Queue);
                        endpoint.PrefetchCount = registration.Concurrency * 2;
                        endpoint.ConcurrentMessageLimit = registration.Concurrency;
                        endpoint.UseHouseRetries();
                        endpoint.ConfigureConsumer(context, registration.Consumer);
                    });
                }
            });
        });
        builder.Services.AddSingleton(services => new BusAddress(services.GetRequiredService<IBus>(), true));
        builder.Services.AddSingleton<OutboxPublisher>();
        builder.Services.AddSingleton(new Broker(uri)).AddSingleton<BrokerQueues>().AddSingleton<ErrorQueues>();
    }

    private static void MakeDurable(this IRabbitMqReceiveEndpointConfigurator endpoint, string queue)
    {
        endpoint.SetQuorumQueue();
        endpoint.SetQueueArgument("x-delivery-limit", DeliveryLimit);
        endpoint.BindDeadLetterQueue($"{queue}_dead", $"{queue}_dead");
    }

    /// <summary>Standalone: one process, every consumer called before the outbox row goes.</summary>
    public static void AddInProcessBus(this WebApplicationBuilder builder)
    {
        builder.Services.AddMediator(bus =>
        {
            foreach (var registration in builder.Consumers().Registrations) bus.AddConsumer(registration.Consumer);
            bus.ConfigureMediator((_, mediator) => mediator.UseHouseRetries());
        });
        builder.Services.AddSingleton(services => new BusAddress(services.GetRequiredService<IMediator>(), false));
        builder.Services.AddSingleton<OutboxPublisher>();
    }

    /// <summary>Five tries within seven seconds; a database that is away holds the message, and with it the endpoint, until it is back.</summary>
    private static void UseHouseRetries(this IConsumePipeConfigurator pipe)
    {
        pipe.UseMessageRetry(retry =>
        {
            retry.Handle<Exception>(DatabaseFailure.IsAway);
            retry.Interval(900, TimeSpan.FromSeconds(1));
        });
        pipe.UseMessageRetry(retry =>
        {
            retry.Ignore<Exception>(DatabaseFailure.IsAway);
            retry.Intervals(Pauses);
        });
    }

    private static BusConsumers Consumers(this WebApplicationBuilder builder)
    {
        if (builder.Services.FirstOrDefault(s => s.ServiceType == typeof(BusConsumers))?.ImplementationInstance is BusConsumers known) return known;
        var consumers = new BusConsumers();
        builder.Services.AddSingleton(consumers);
        return consumers;
    }
}
